"""The dashboard's pages, one file each: which component stands where, and how often Streamlit redraws it."""
