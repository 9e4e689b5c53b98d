"""The mock CRM: the people who log in on the sites, in the database `crm` of PostgreSQL.

Their data come from the seed alone. They change a little every day, and every version is kept.
"""
