"""What is wrong with a deployment or an account, before it fails, and what to do: a file for each subject."""
