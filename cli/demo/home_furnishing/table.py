"""The table of published figures as it stands in the example's README."""

from cli.demo.home_furnishing.published import FIGURES

HEAD = (
    "| 数字 | figure | published 已发布 | call 调用 | answer 答案 | rows 数据 |",
    "| --- | --- | --- | --- | --- | --- |",
)


def table_of_figures() -> str:
    """One line for each figure: what it is, who is asked, and what stands where in the answer."""
    lines = [
        f"| {figure.zh} | {figure.en} | {figure.published} | {figure.service} `{figure.call}` |"
        f" `{figure.read.replace('|', ' or ')}` = {figure.expected} | {figure.rows} |"
        for figure in FIGURES
    ]
    return "\n".join((*HEAD, *lines))


if __name__ == "__main__":
    print(table_of_figures())
