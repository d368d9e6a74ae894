"""What is measured on a model, or follows from its config: memory, speed, heads with a job, experts, losses."""
