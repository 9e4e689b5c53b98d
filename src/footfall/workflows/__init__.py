"""Airflow's workflows, nothing but wiring, and the client that starts and follows them.

`dags/` and `tasks/` run in Airflow's environment, which has none of our dependencies. They import only the standard
library, Airflow, and each other. The rest runs in ours.
"""
