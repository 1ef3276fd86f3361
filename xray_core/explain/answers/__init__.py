"""What `explain.service` answers, one module for each kind of question."""
