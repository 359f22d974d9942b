"""What a deployment is made of: one module a resource, each of the same shape (see `plan.Resource`)."""
