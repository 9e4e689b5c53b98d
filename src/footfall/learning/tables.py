"""The tables that learning writes, as data. A partition's `dt` is the last day of the window that was learned from."""

from typing import Final

from footfall.warehouse.tables import ROOT, Table, parsed_columns

# What a run of learning keeps beside its tables: its plan, what it extracted, its models, and its verdicts.
RUNS: Final = f"{ROOT}/_learning"

SEGMENT_MODELS: Final = "published_segment_models"
SEGMENTS_POINTER: Final = "published_segments"
RECOMMENDER_MODELS: Final = "published_recommender_models"
RECOMMENDATIONS_POINTER: Final = "published_recommendations"

_MODEL: Final = """
model_id string: model
first_dt string: first day of the window that it was trained on
seed int: seed of everything random
parameters string: what was chosen, JSON
figures string: what the choice was made by, JSON
trained_ms bigint: when it was trained, ms since 1970
"""
_SUBJECT: Final = """
subject string: user_id, else anonymous_id of visits without one; of a visit: coalesce(user_id, anonymous_id)
is_user boolean: whether the subject is a user_id
"""

SEGMENT_MODEL: Final = Table(
    "segment_models",
    "The model of segments: the number of segments, the scale of features, and centres to begin with.",
    "mahout",
    ("model_id",),
    parsed_columns(_MODEL),
    pointer=SEGMENT_MODELS,
)
SEGMENTS: Final = Table(
    "segments",
    "Each segment of subjects, with a row for each feature. Segment -1 are the outliers, which belong to none.",
    "mahout",
    ("segment_id", "feature"),
    parsed_columns(
        """
        model_id string: model whose centres k-means began with
        segment_id int: segment; the same number on another day of the same model is the same segment
        name string: what sets it apart, in words
        size bigint: subjects in it
        size_share double: of all subjects of the window
        feature string: feature
        centre double: mean of its subjects in the feature's unit
        population_mean double: mean of all subjects
        z double: centre minus population_mean, in standard deviations of subjects
        silhouette double: mean silhouette of its subjects in a sample; null without any
        """
    ),
    pointer=SEGMENTS_POINTER,
)
SEGMENT_MEMBERS: Final = Table(
    "segment_members",
    "The segment of each subject of the window. Bots, and visits without consent, have no subject.",
    "mahout",
    ("subject",),
    parsed_columns(
        f"""
        {_SUBJECT.strip()}
        segment_id int: segment, or -1 for an outlier
        segment_name string: its name
        distance double: distance from the segment's centre in the space of k-means
        visits bigint: visits in the window
        model_id string: model
        """
    ),
    pointer=SEGMENTS_POINTER,
)
SEGMENT_DRIFT: Final = Table(
    "segment_drift",
    "How far segments moved since an earlier day with the same model; no row without such a day.",
    "mahout",
    ("segment_id",),
    parsed_columns(
        """
        model_id string: model
        previous_dt string: the earlier day
        segment_id int: segment
        centre_shift double: distance between its centres of both days in the space of k-means
        moved_share double: of the subjects of both days, the share whose segment changed; null without any
        stability_index double: population stability index of all shares; below 0.1 is stable, above 0.25 has changed
        """
    ),
    pointer=SEGMENTS_POINTER,
)
RECOMMENDER_MODEL: Final = Table(
    "recommender_models",
    "The model of recommendations: how lists are made (boolean, weighted, popular), chosen on validation days.",
    "mahout",
    ("model_id",),
    parsed_columns(_MODEL),
    pointer=RECOMMENDER_MODELS,
)
_COMPUTED: Final = """
model_id string: model
computed_ms bigint: when it was computed, ms since 1970
"""
RECOMMENDATIONS: Final = Table(
    "recommendations",
    "Items for each subject of a site, none of which the subject used in the window.",
    "mahout",
    ("app_id", "subject", "rank"),
    parsed_columns(
        f"""
        app_id string: site
        {_SUBJECT.strip()}
        rank int: place in the list, from 1
        item_type string: type of the item
        item_id string: item
        title string: its title
        score double: the recommender's score; null for an item that is popular in the subject's main section or site
        reason_item_id string: the used item that is most similar to it; null if there is none
        {_COMPUTED.strip()}
        """
    ),
    pointer=RECOMMENDATIONS_POINTER,
)
SIMILAR_ITEMS: Final = Table(
    "similar_items",
    "The items of the same site that are most similar to each item.",
    "mahout",
    ("app_id", "item_type", "item_id", "rank"),
    parsed_columns(
        f"""
        app_id string: site
        item_type string: type of the item
        item_id string: item
        rank int: place in the list, from 1
        similar_item_type string: type of the similar item
        similar_item_id string: similar item
        title string: its title
        similarity double: log-likelihood similarity, 0 to 1
        cooccurrences bigint: subjects who used both
        {_COMPUTED.strip()}
        """
    ),
    pointer=RECOMMENDATIONS_POINTER,
)
POPULAR_ITEMS: Final = Table(
    "popular_items",
    "The most used items of each site and section, for visitors of whom nothing is known.",
    "mahout",
    ("app_id", "page_section", "rank"),
    parsed_columns(
        f"""
        app_id string: site
        page_section string: section of the items' pages; all for the whole site
        rank int: place in the list, from 1
        item_type string: type of the item
        item_id string: item
        title string: its title
        users bigint: subjects who used it
        {_COMPUTED.strip()}
        """
    ),
    pointer=RECOMMENDATIONS_POINTER,
)
# All tables of learning. A new one is defined above and added here.
TABLES: Final[tuple[Table, ...]] = (
    SEGMENT_MODEL,
    SEGMENTS,
    SEGMENT_MEMBERS,
    SEGMENT_DRIFT,
    RECOMMENDER_MODEL,
    RECOMMENDATIONS,
    SIMILAR_ITEMS,
    POPULAR_ITEMS,
)
MODELS: Final = (SEGMENT_MODELS, RECOMMENDER_MODELS)
# The jobs that make them.
MODEL_JOBS: Final = {SEGMENT_MODELS: "segment-model", RECOMMENDER_MODELS: "recommender-model"}
# In the order in which a run makes them.
POINTERS: Final = (SEGMENT_MODELS, SEGMENTS_POINTER, RECOMMENDER_MODELS, RECOMMENDATIONS_POINTER)


def tables_of(pointer: str) -> list[Table]:
    """The tables that are published together."""
    return [table for table in TABLES if table.pointer == pointer]
