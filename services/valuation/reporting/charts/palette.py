"""Colours and type of all pictures; told apart by people with any kind of colour vision."""

# After Okabe and Ito, with two darker companions so that ten pools stay apart.
CATEGORIES = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#D55E00",
    "#7B6FB5",
    "#A8A032",
    "#5C6B7A",
    "#8C564B",
)
OTHER = "#A9B1BC"
UNALLOCATED = "#C9CDD3"
CREDIT = "#B42318"
COST = "#0072B2"
VALUE = "#E69F00"
GOOD = "#009E73"
MISSED = "#D55E00"
INK = "#1F2933"
SOFT_INK = "#5F6B7A"
RULE = "#D9DEE5"
PAPER = "#FFFFFF"

# One family carries Latin and Chinese, so a label never mixes two heights; the rest are what a
# reader's own machine has when it shows an SVG outside our renderers.
FONT_FAMILY = "Noto Sans SC"
FONT_STACK = (
    f"{FONT_FAMILY}, PingFang SC, Microsoft YaHei, Source Han Sans SC, Helvetica, Arial, sans-serif"
)


def category_colour(index: int) -> str:
    """The colour of the index-th thing; repeats after ten."""
    return CATEGORIES[index % len(CATEGORIES)]
