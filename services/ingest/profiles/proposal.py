"""Proposes a profile for a file by the names of its columns and the look of their values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.ingest.files.detected import Detected, RowBatch
from services.ingest.imports.columns import without_missing
from services.ingest.profiles.domain import FIELDS_OF_KIND, REQUIRED_OF_KIND, Profile, folded
from services.ingest.values.dates import DateEvidence, read_date
from services.ingest.values.decimals import NumberEvidence, NumberStyle, read_decimal
from services.ingest.values.fault import Fault
from shared.currencies import is_currency

# What sources call our fields, best first; names are compared folded and without punctuation.
_NAMES: Mapping[str, Sequence[str]] = {
    "amount": (
        "amount", "net amount", "value", "cost", "total", "total amount", "billing amount",
        "effectivecost", "amount gbp", "amount in local currency", "dmbtr", "hsl", "tsl", "betrag",
        "金额", "成交额", "本币金额", "original appn balance", "sum",
    ),
    "currency": ("currency", "billing currency", "billingcurrency", "currency code", "waers",
                 "rtcur", "币种", "货币", "ccy", "währung"),
    "period": ("period", "month", "fiscal period", "期间", "会计期间", "billingperiodstart"),
    "posted_on": (
        "posted on", "posting date", "paid date", "payment date", "date", "transaction date",
        "post date", "budat", "invoice date", "document date", "日期", "时间", "记账日期",
        "过账日期", "buchungsdatum", "chargeperiodstart",
    ),
    "cost_type": ("cost type", "type of expenditure", "capital revenue", "capex opex",
                  "revenue capital", "成本类型"),
    "account": ("account", "expenditure code", "gl account", "account code", "racct", "hkont",
                "cost element", "konto", "科目", "科目编码", "sub obj", "billingaccountid"),
    "cost_center": ("cost center", "cost centre", "service area", "department", "dept", "kostl",
                    "rcntr", "成本中心", "部门", "kostenstelle", "directorate"),
    "vendor": ("vendor", "supplier name", "supplier", "merchant name", "payee", "beneficiary",
               "lifnr", "供应商", "供应商名称", "kreditor", "providername", "vendor name"),
    "document": ("document", "trans no", "transaction number", "document number", "belnr",
                 "voucher", "invoice number", "invoiceid", "凭证号", "belegnummer", "docnr"),
    "description": ("description", "text", "narrative", "details", "expenditure category",
                    "expenditure catergory", "摘要", "说明", "sgtxt", "purpose",
                    "chargedescription"),
    "asset": ("asset", "asset number", "resourceid", "资产编号", "anln1"),
    "project": ("project", "project code", "wbs", "项目", "项目编号", "projekt"),
    "external_id": ("external id", "line id", "unique id", "unique identifier"),
    "tags": ("tags", "标签"),
    "driver": ("driver", "driver code", "动因"),
    "scenario": ("scenario", "场景", "version"),
    "source": ("source", "source code", "from object", "来源"),
    "target": ("target", "target code", "to object", "object", "consumer", "service area", "目标"),
    "quantity": ("quantity", "qty", "volume", "units", "number", "数量", "value", "weight"),
    "from": ("from", "from currency", "base", "base currency", "currency", "原币",
             "source currency"),
    "to": ("to", "to currency", "quote", "quote currency", "target currency", "目标币种"),
    "kind": ("kind", "type", "rate type", "ticket type", "contact type", "sys class name", "类型"),
    "rate": ("rate", "exchange rate", "汇率", "value", "obs value"),
    "number": ("number", "ticket", "incident", "incident number", "ticket number", "工单号", "id"),
    "service": ("service", "business service", "cmdb ci", "服务"),
    "solution": ("solution", "application", "解决方案"),
    "consumer": ("consumer", "business unit", "department", "company", "使用部门"),
    "opened_at": ("opened at", "opened", "created", "created at", "sys created on", "打开时间"),
    "resolved_at": ("resolved at", "resolved", "解决时间"),
    "closed_at": ("closed at", "closed", "关闭时间"),
    "updated_at": ("sys updated at", "sys updated on", "updated at", "updated", "更新时间"),
    "state": ("state", "incident state", "status", "状态"),
    "priority": ("priority", "优先级"),
    "category": ("category", "类别"),
    "assignment_group": ("assignment group", "group", "处理组"),
    "sla_met": ("sla met", "made sla", "达标"),
    "reopen_count": ("reopen count", "reopened", "重开次数"),
    "code": ("code", "id", "consumer code", "编码", "代码", "unit"),
    "name": ("name", "title", "consumer name", "名称"),
    "names.en": ("names en", "name en", "english name", "英文名称"),
    "names.zh-CN": ("names zh cn", "name zh cn", "name zh", "chinese name", "中文名称"),
    "parent": ("parent", "parent code", "上级", "上级编码"),
    "valid_from": ("valid from", "生效期间"),
    "valid_to": ("valid to", "失效期间"),
    "owner": ("owner", "负责人"),
    "unit_driver": ("unit driver",),
    "value_chain_stage": ("value chain stage", "价值链环节"),
}  # fmt: skip


MOST_OF_THEM = 0.6


@dataclass(frozen=True)
class Proposal:
    """A proposed profile, how sure it is (0 to 1) in all and by field, and cells to look at."""

    profile: Profile
    confidence: float
    fields: Mapping[str, float]
    examples: Mapping[str, Sequence[str]]


def propose_profile(kind: str, detected: Detected, batch: RowBatch) -> Proposal:
    """The likeliest profile for a file of a kind, judged by its header and first rows."""
    chosen: dict[str, str] = {}
    sure: dict[str, float] = {}
    by_name = {_plain(name): name for name in reversed(detected.columns)}
    examples = {name: _examples(batch, name) for name in detected.columns}
    for field in FIELDS_OF_KIND[kind]:
        own = by_name.get(_plain(field))
        names = [field, *_NAMES.get(field, ())] if own else list(_NAMES.get(field, ()))
        for place, name in enumerate(names):
            column = by_name.get(_plain(name))
            if column is None or column in chosen.values():
                continue
            fit = _fit(field, examples[column])
            if fit < MOST_OF_THEM and _plain(column) != _plain(field):
                continue  # a column headed with the very name of the field is taken all the same
            chosen[field] = column
            sure[field] = round(fit * (1.0 if place == 0 else 0.9), 2)
            break
    # Columns headed with one of our own open names (tags.team) are taken as such.
    for column in detected.columns:
        if column.startswith(("tags.", "fields.", "attributes.")) and column not in chosen.values():
            chosen[column] = column
    required = REQUIRED_OF_KIND[kind]
    confidence = min([sure.get(field, 0.0) for field in required] or [0.0])
    profile = Profile(
        kind=kind,
        columns=chosen,
        decimal=_decimal_style(detected, examples, chosen).decimal,
        encoding=detected.encoding,
        delimiter=detected.delimiter,
        header_row=detected.header_row,
        date_format=_date_format(examples, chosen),
    )
    return Proposal(profile, round(min(confidence, detected.confidence), 2), sure, examples)


def mapping_by_name(kind: str, detected: Detected, batch: RowBatch) -> Profile:
    """The profile for an import without one: columns by their names, styles left to the survey."""
    proposed = propose_profile(kind, detected, batch).profile
    return Profile(kind=kind, columns=proposed.columns)


def _plain(name: str) -> str:
    return " ".join("".join(c if c.isalnum() else " " for c in folded(name)).split())


def _examples(batch: RowBatch, column: str) -> list[str]:
    if column not in batch.cells.columns:
        return []
    texts = without_missing(batch.cells[column].head(2_000)).drop_nulls()
    return texts.unique(maintain_order=True).head(200).to_list()


def _fit(field: str, examples: Sequence[str]) -> float:
    """How well values fit a field: the share that can be read."""
    if not examples:
        return MOST_OF_THEM
    if field in {"amount", "quantity", "rate", "reopen_count"}:
        good = sum(1 for text in examples if _is_number(text))
    elif field in {"posted_on", "opened_at", "resolved_at", "closed_at", "updated_at"}:
        good = sum(1 for text in examples if _is_date(text))
    elif field in {"currency", "from", "to"}:
        good = sum(1 for text in examples if is_currency(text.upper()))
    else:
        return 1.0
    return good / len(examples)


def _is_number(text: str) -> bool:
    found = read_decimal(text)
    return not isinstance(found, Fault) or found.code != "not_a_decimal"


def _is_date(text: str) -> bool:
    found = read_date(text)
    return not isinstance(found, Fault) or found.code == "ambiguous_date"


def _decimal_style(
    detected: Detected, examples: Mapping[str, Sequence[str]], chosen: Mapping[str, str]
) -> NumberStyle:
    evidence = NumberEvidence()
    for field in ("amount", "quantity", "rate"):
        if field in chosen:
            evidence.add(examples[chosen[field]])
    return evidence.style(detected.delimiter, typed=detected.typed)


def _date_format(examples: Mapping[str, Sequence[str]], chosen: Mapping[str, str]) -> str | None:
    """A strptime format, when all examples of the posting date agree on one of the common ones."""
    column = chosen.get("posted_on")
    if column is None or not examples[column]:
        return None
    texts = examples[column]
    evidence = DateEvidence()
    evidence.add(texts)
    order = evidence.order()
    for mark in "/-.":
        if all(text.count(mark) == 2 and text.replace(mark, "").isdigit() for text in texts):
            year = "%Y" if len(texts[0].split(mark)[-1]) == 4 else "%y"
            if len(texts[0].split(mark)[0]) == 4:
                return f"%Y{mark}%m{mark}%d"
            if order == "dmy":
                return f"%d{mark}%m{mark}{year}"
            if order == "mdy":
                return f"%m{mark}%d{mark}{year}"
    return None
