"""A small Flask application that Footfall measures: `flask --app examples/flask-application/app run --port 8001`."""

from os import getenv

from flask import Flask, render_template_string

from footfall_web import Footfall

LOCAL = "http://localhost:5010"
PAGE = """<!doctype html>
<title>{{ title }}</title>
{{ footfall(page_type=page_type, page_section="kitchen", item_type=item and "recipe", item_id=item) }}
<h1>{{ title }}</h1><p><a href="/recipes/soup">Soup</a></p>"""

app = Flask(__name__)
Footfall(app, site="recipes", collector=getenv("COLLECTOR", LOCAL), key=getenv("KEY"), logs=getenv("LOGS"))


@app.get("/")
def home() -> str:
    return render_template_string(PAGE, title="Recipes", page_type="home", item=None)


@app.get("/recipes/<name>")
def recipe(name: str) -> str:
    return render_template_string(PAGE, title=name.title(), page_type="article", item=name)
