"""The operator's side: packaging, deploying, backfill, status and redrive from a shell."""
