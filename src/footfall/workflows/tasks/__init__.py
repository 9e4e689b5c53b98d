"""What the workflows are made of: Airflow operators that call our own command line."""
