"""The components of the pages, one file each. A component turns readings into HTML and imports no Streamlit."""
