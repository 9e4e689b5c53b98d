"""Columns that several tables have, as the text that `parsed_columns` reads."""

from typing import Final

POPULATION: Final = "population string: people, bots or all"
APP: Final = "app_id string: site"
# The figures M of `docs/questions.md`.
M: Final = """
page_views bigint: page views
visits bigint: visits with at least one of these page views
visitors bigint: distinct visitors (anonymous_id) with at least one of these page views
engaged_ms bigint: engaged time, ms
"""
PLACE: Final = """
country string: ISO 3166-1 country
region string: ISO 3166-2 region
city string: city
latitude double: latitude of the city, to 0.1 degree
longitude double: longitude of the city, to 0.1 degree
"""
DEVICE: Final = """
device_type string: mobile, tablet, desktop or other
browser string: browser
os string: operating system
"""
CAMPAIGN: Final = """
utm_source string: campaign's source
utm_medium string: campaign's medium
utm_campaign string: campaign's name
"""
PROFILE: Final = """
profile_plan string: plan of the user at that time; null without a user or a profile
profile_country string: country in the user's profile at that time
profile_age_band string: age band of the user on that day: 18-24, 25-34, 35-44, 45-54, 55-64, 65+ or unknown
profile_company_size string: company size in the user's profile at that time
"""
