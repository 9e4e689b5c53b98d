"""One file per workflow. Airflow's processor reads every file of this folder."""
