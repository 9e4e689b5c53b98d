"""The academy's programme: subjects, courses with their lessons, and the texts that lessons are built from."""

# ruff: noqa: E501 - lists of words and sentences read best in lines of their own length

from typing import Final

SUBJECTS: Final = {
    "computing": "Computing",
    "mathematics": "Mathematics",
    "languages": "Languages",
    "science": "Science",
    "arts": "Arts & crafts",
    "humanities": "History & ideas",
}

_B: Final = "Beginner"
_I: Final = "Intermediate"
_A: Final = "Advanced"

# Subject, title, level, one line, lessons separated by |.
SYLLABUS: Final = (
    ("computing", "Python from the first line", _B, "Small programs that do something useful by tonight.",
     "Values and names|Lists and loops|Functions that explain themselves|Dictionaries|Reading files|When things fail|A program of your own"),
    ("computing", "Python for data", _I, "From a messy table to an answer you can defend.",
     "Tables in memory|Cleaning dates|Grouping and counting|Joining two sources|Charts that tell the truth|A report that repeats itself"),
    ("computing", "SQL by asking questions", _B, "Thirty questions, one database, no theory before you need it.",
     "Select and where|Counting with group by|Joins without fear|Subqueries|Window functions|Why is it slow?"),
    ("computing", "Databases from the inside", _A, "What happens between a commit and the disk.",
     "Pages and rows|B-trees by hand|The log comes first|Locks and versions|Recovery after a crash|Copies that agree"),
    ("computing", "The web, request by request", _I, "Follow one click through every machine it touches.",
     "Names and addresses|What HTTP says|Cookies and sessions|Caches|Forms and safety|Measuring speed"),
    ("computing", "Streams and events", _A, "Order, time and exactly one: the hard parts, in plain words.",
     "What is an event?|Logs as memory|Partitions and keys|Late is normal|Counting once|When a worker dies"),
    ("computing", "The command line", _B, "Twelve commands, endless combinations.",
     "Where am I?|Pipes|Finding things|Text with sed and awk|Scripts that stop when they should"),
    ("mathematics", "Statistics for sceptics", _B, "How not to be fooled, least of all by yourself.",
     "Averages and their tricks|Spread|Samples|Chance and surprise|Cause or coincidence|Reading a study"),
    ("mathematics", "Probability with dice and cards", _B, "Every idea can be tried on the kitchen table.",
     "Counting outcomes|Conditional chances|Expectation|Bayes at the table|The law of large numbers"),
    ("mathematics", "Linear algebra in pictures", _I, "Arrows first, numbers second.",
     "Vectors|Matrices move space|Determinants as areas|Eigenvectors|Projections|Fitting a line"),
    ("mathematics", "Calculus without tears", _I, "Two ideas, many disguises.",
     "Slopes|Derivatives in daily life|Areas|The fundamental theorem|Approximations|Growth and decay"),
    ("mathematics", "Maths of money", _B, "Interest, loans and the price of waiting.",
     "Percentages properly|Compound interest|Loans|Inflation|Risk and return"),
    ("mathematics", "Graphs and networks", _A, "From bridges to the web.",
     "Seven bridges|Shortest paths|Trees|Flows|Small worlds|Ranking pages"),
    ("mathematics", "School maths, understood at last", _B, "Fractions to functions, with the reasons.",
     "Fractions|Negative numbers|Equations|Functions|Triangles|Powers and roots"),
    ("languages", "Spanish for the road", _B, "Order, ask, thank, get lost, get back.",
     "Sounds and greetings|At the bar|Asking the way|Numbers and prices|Yesterday and tomorrow|Small talk"),
    ("languages", "Spanish through stories", _I, "Six short tales and what they teach.",
     "The fisherman|The letter|Two past tenses|The night bus|Wishes and doubts|The reunion"),
    ("languages", "French by ear", _B, "Listen first, write later.",
     "Vowels|At the bakery|Who, what, where|Telephone calls|Songs and what they drop"),
    ("languages", "German, bolt by bolt", _I, "Cases, verbs and the famous word order.",
     "Der, die, das|The four cases|Verbs at the end|Separable verbs|Long words|Letters to an office"),
    ("languages", "Japanese writing", _B, "Two syllabaries and a hundred characters.",
     "Hiragana one|Hiragana two|Katakana|First kanji|Radicals|Reading signs"),
    ("languages", "Writing clear English", _I, "Shorter sentences, stronger verbs, fewer excuses.",
     "One idea a sentence|Verbs do the work|Cutting|Paragraphs|Writing for the tired reader|Editing others"),
    ("languages", "The art of the speech", _I, "Five minutes that people remember.",
     "Openings|Three points|Pauses|Nerves|Questions from the floor"),
    ("science", "Chemistry in the kitchen", _B, "Why bread rises and caramel bites.",
     "Acids and bases|Heat and proteins|Emulsions|Crystals of sugar|Fermentation|Why salt works"),
    ("science", "Organic chemistry, gently", _A, "Electrons move; everything follows.",
     "Bonds|Functional groups|Mirror images|Substitution|Addition|Reading a synthesis"),
    ("science", "Physics of everyday things", _B, "Bicycles, mirrors, kettles.",
     "Forces|Balance|Heat|Waves|Light|Electricity at home"),
    ("science", "The night sky", _B, "Find your way by stars in one season.",
     "Turning sky|Constellations|Planets|The moon's month|Galaxies|A first telescope"),
    ("science", "How weather works", _I, "From sea breeze to storm front.",
     "Pressure|Clouds|Fronts|Reading a map|Forecasts and their limits|Climate or weather?"),
    ("science", "Birds and their songs", _B, "Twenty voices from window to forest.",
     "Listening|Garden birds|Thrushes|The dawn chorus|Migration"),
    ("science", "Genes and inheritance", _I, "What is passed on, and what is not.",
     "Mendel's peas|The double helix|From gene to protein|Mutations|Populations|Editing genes"),
    ("arts", "Drawing what you see", _B, "Line, light and patience.",
     "Contours|Negative space|Light and shadow|Perspective|Hands|A portrait"),
    ("arts", "Drawing animals", _I, "From skeleton to fur.",
     "Simple shapes|Skeletons|Movement|Fur and feathers|Sketching at the zoo"),
    ("arts", "Guitar in eight chords", _B, "A hundred songs from eight shapes.",
     "Tuning|G, C and D|Rhythm|E minor and A minor|Changing quickly|Picking|Your first song"),
    ("arts", "Fingerstyle guitar", _I, "Bass, melody and chords at once.",
     "The thumb|Travis picking|Melody on top|Open tunings|An arrangement"),
    ("arts", "Photography with one lens", _B, "Less equipment, more seeing.",
     "Light|Frame|Time|People|A series of ten"),
    ("arts", "Bread and patience", _B, "Flour, water, salt, time.",
     "A first loaf|Sourdough|Kneading or not|Shaping|Crust|Rye"),
    ("arts", "Woodwork by hand", _I, "Three tools and a bench.",
     "Sharpening|Sawing to a line|Planing|The mortise|Glue and clamps|A small box"),
    ("humanities", "A history of the map", _B, "Who drew the world, and for whom.",
     "Clay and papyrus|Portolan charts|Mercator's choice|Survey and empire|The city map|Maps that lie"),
    ("humanities", "History of everyday life", _B, "Soap, clocks, shoes and windows.",
     "Getting up|Bread and price|Clothes|Light at night|Illness|Feasts"),
    ("humanities", "Creative writing: short stories", _I, "Six stories in six weeks.",
     "A want and an obstacle|Point of view|Dialogue|The scene|Endings|Revising"),
    ("humanities", "Philosophy in ten questions", _B, "No jargon, some headaches.",
     "What do I know?|Is it right?|Who am I?|Is there chance?|What do we owe others?"),
    ("humanities", "Economics of small places", _I, "One village, all of the theory.",
     "The baker's price|Work and wages|Common fields|Money|Trade with the next village|Who decides?"),
)  # fmt: skip

PARAGRAPHS: Final = (
    "Most books begin {topic} with a definition. We begin with a mistake: try it before you read on, and keep what you got. "
    "You will want to compare it with what you can do in {n} minutes' time.",
    "There are {n} things that people confuse here, and they are confused for a good reason: they look the same from the outside. "
    "The difference shows as soon as you change one thing and leave the rest alone.",
    "Look at the example again, slowly. Say aloud what happens in each step. If you find that you skip one, "
    "that is the step this lesson is about.",
    "It helps to know where {topic} comes from. Somebody had a problem that would not go away, solved it badly, "
    "and others have been improving on it ever since. What is left is what survived.",
    "You do not need to remember all of this. Remember the question that it answers; the rest can be found again, "
    "and finding it again is how it stays.",
    "A good test of whether you have understood {topic} is to explain it to somebody who does not care. "
    "They will stop you exactly where you have stopped thinking.",
    "In practice nobody works through it in this order. They guess, they check, and they go back. "
    "The order here is for learning; the shortcuts come by themselves after the {n}th time.",
    "If this feels slow, it should. In “{course}” we take the slow road once, so that the quick one can be trusted later.",
)
TASKS: Final = (
    "Find {n} examples of {topic} around you before the next lesson, and write down what they have in common.",
    "Repeat today's example with numbers of your own. Then break it on purpose and say why it broke.",
    "Explain {topic} in three sentences to somebody at the table. Ask what was unclear.",
    "Do it {n} times, each time a little faster. Stop when it becomes boring: that is the sign.",
)
