"""Linden Furniture, two months worked by hand: writes `small-company.xlsx`.

`python -m tests.journey.small_company` writes the file anew. The sheets Lines, Rates and Drivers
are the facts; a sheet for each month works them out, one row for each step; the sheet Figures
says which figure of the service must show which cell. Read the month sheets from top to bottom.
"""

from decimal import Decimal
from pathlib import Path

from tests.journey.worksheet import Book

WORKBOOK = Path(__file__).parent / "small-company.xlsx"
MONTHS = {
    "January": "2026-01",
    "February": "2026-02",
}  # plain words: Excel takes 2026-01 for a date
LINES = [
    # month, id, account, kind, app, amount, currency, what it is
    ("January", "J1", "4400", "compute", "", "4000.00", "EUR", "virtual machines"),
    ("January", "J2", "4400", "network", "", "1000.00", "USD", "data lines"),
    ("January", "J3", "4400", "compute", "", "-400.00", "EUR", "credit for an outage"),
    ("January", "J4", "4500", "", "erp", "1200.00", "EUR", "ERP licences"),
    ("January", "J5", "4500", "", "webshop", "600.00", "USD", "shop licences"),
    ("January", "J6", "6000", "", "", "5000.00", "EUR", "salaries of IT"),
    ("January", "J7", "7000", "", "", "2500.00", "EUR", "rent of the shops: not IT"),
    ("January", "J8", "4500", "", "cad", "60.00", "EUR", "licence of a system nobody knows"),
    ("January", "J9", "9999", "", "", "33.33", "EUR", "account that no rule knows"),
    ("February", "F1", "4400", "compute", "", "4200.50", "EUR", "virtual machines"),
    ("February", "F2", "4400", "network", "", "1000.00", "USD", "data lines"),
    ("February", "F3", "4500", "", "erp", "1200.00", "EUR", "ERP licences"),
    ("February", "F4", "4500", "", "webshop", "650.00", "USD", "shop licences"),
    ("February", "F5", "6000", "", "", "5100.00", "EUR", "salaries of IT"),
    ("February", "F6", "7000", "", "", "2500.00", "EUR", "rent of the shops: not IT"),
]
RATES = [("January", "USD", "EUR", "0.90"), ("February", "USD", "EUR", "0.92")]
DRIVERS = [
    # month, driver, source, target, quantity
    ("January", "hours", "", "SERVERS", "100"),
    ("January", "hours", "", "NETWORK", "50"),
    ("January", "hours", "", "DESK", "150"),
    ("January", "ports", "", "SERVERS", "30"),
    ("January", "ports", "", "DESK", "10"),
    ("January", "vm_hours", "", "ERP", "300"),
    ("January", "vm_hours", "", "SHOP", "200"),
    ("January", "vm_capacity", "", "SERVERS", "800"),
    ("January", "tickets", "", "RETAIL", "80"),
    ("January", "tickets", "", "ONLINE", "40"),
    ("January", "tickets", "", "HEAD_OFFICE", "60"),
    ("January", "users", "", "RETAIL", "50"),
    ("January", "users", "", "ONLINE", "10"),
    ("January", "users", "", "HEAD_OFFICE", "40"),
    ("February", "hours", "", "SERVERS", "90"),
    ("February", "hours", "", "NETWORK", "45"),
    ("February", "hours", "", "DESK", "165"),
    ("February", "ports", "", "SERVERS", "35"),
    ("February", "ports", "", "DESK", "15"),
    ("February", "vm_hours", "", "ERP", "500"),
    ("February", "vm_hours", "", "SHOP", "350"),
    ("February", "vm_capacity", "", "SERVERS", "800"),
    ("February", "tickets", "", "RETAIL", "110"),
    ("February", "tickets", "", "ONLINE", "70"),
    ("February", "tickets", "", "HEAD_OFFICE", "80"),
    ("February", "users", "", "RETAIL", "48"),
    ("February", "users", "", "ONLINE", "12"),
    ("February", "users", "", "HEAD_OFFICE", "40"),
]
BUDGETS = [
    ("January", "consumer", "RETAIL", "4500.00"),
    ("January", "consumer", "ONLINE", "4000.00"),
    ("January", "solution", "ERP", "4000.00"),
]
STEPS = [
    # name, what it says, formula ({name} is another step, <..> a fact), the rule behind it
    ("lines", "all lines in EUR", "=SUMIFS(<eur>,<month>)", "dollars at the month's average rate"),
    ("rent", "out of scope", '=SUMIFS(<eur>,<month>,<account>,"7000")', "account 7000 is not IT"),
    ("input", "input of the run", "={lines}-{rent}", ""),
    ("lost", "lines without a pool", '=SUMIFS(<eur>,<month>,<account>,"9999")', "no rule"),
    ("cloud", "pool CLOUD", '=SUMIFS(<eur>,<month>,<account>,"4400")', "account 4400"),
    ("licences", "pool LICENCES", '=SUMIFS(<eur>,<month>,<account>,"4500")', "account 4500"),
    ("staff", "pool STAFF", '=SUMIFS(<eur>,<month>,<account>,"6000")', "account 6000"),
    ("compute", "CLOUD to SERVERS", '=SUMIFS(<eur>,<month>,<kind>,"compute")', "kind of the line"),
    ("wires", "CLOUD to NETWORK", '=SUMIFS(<eur>,<month>,<kind>,"network")', "kind of the line"),
    ("erp_licence", "LICENCES to ERP", '=SUMIFS(<eur>,<month>,<app>,"erp")', "skips the resources"),
    ("shop_licence", "LICENCES to SHOP", '=SUMIFS(<eur>,<month>,<app>,"webshop")', "the same"),
    ("cad", "stays on LICENCES", "={licences}-{erp_licence}-{shop_licence}", "unknown target"),
    ("busy", "STAFF at work", "={staff}*90/100", "a portion of 90 % goes by hours"),
    ("training", "STAFF in training", "={staff}-{busy}", "the rest is retained on the pool"),
    ("hours", "hours in all", "=<hours SERVERS>+<hours NETWORK>+<hours DESK>", ""),
    ("staff_servers", "STAFF to SERVERS", "={busy}*<hours SERVERS>/{hours}", "by hours"),
    ("staff_network", "STAFF to NETWORK", "={busy}*<hours NETWORK>/{hours}", "by hours"),
    ("staff_desk", "STAFF to DESK", "={busy}*<hours DESK>/{hours}", "by hours"),
    ("servers_own", "SERVERS before exchange", "={compute}+{staff_servers}", ""),
    ("network_own", "NETWORK before exchange", "={wires}+{staff_network}", ""),
    ("ports", "ports in all", "=<ports SERVERS>+<ports DESK>", ""),
    ("to_servers", "share of NETWORK for SERVERS", "=40/100*<ports SERVERS>/{ports}", "portion 40"),
    ("to_desk", "share of NETWORK for DESK", "=40/100*<ports DESK>/{ports}", "portion 40"),
    ("to_network", "share of SERVERS for NETWORK", "=20/100", "portion 20"),
    (
        "network",
        "NETWORK in all",
        "=({network_own}+{to_network}*{servers_own})/(1-{to_network}*{to_servers})",
        "N = own + 20 % of S, S = own + share of N: two equations, solved",
    ),
    ("servers", "SERVERS in all", "={servers_own}+{to_servers}*{network}", "put in"),
    ("network_servers", "NETWORK to SERVERS", "={network}*{to_servers}", ""),
    ("network_desk", "NETWORK to DESK", "={network}*{to_desk}", ""),
    ("servers_network", "SERVERS to NETWORK", "={servers}*{to_network}", ""),
    ("desk", "DESK in all", "={staff_desk}+{network_desk}", ""),
    ("servers_left", "SERVERS to pass on", "={servers}-{servers_network}", ""),
    ("network_left", "NETWORK to pass on", "={network}-{network_servers}-{network_desk}", ""),
    ("used", "hours of machines used", "=<vm_hours ERP>+<vm_hours SHOP>", ""),
    (
        "working",
        "SERVERS at work",
        "={servers_left}*MIN(1,{used}/<vm_capacity SERVERS>)",
        "used by capacity, never more than all",
    ),
    ("idle", "SERVERS idle", "={servers_left}-{working}", "stays and is shown"),
    ("servers_erp", "SERVERS to ERP", "={working}*<vm_hours ERP>/{used}", "by use"),
    ("servers_shop", "SERVERS to SHOP", "={working}*<vm_hours SHOP>/{used}", "by use"),
    ("network_each", "NETWORK to each solution", "={network_left}/3", "evenly to three"),
    ("erp", "solution ERP", "={erp_licence}+{servers_erp}+{network_each}", ""),
    ("shop", "solution SHOP", "={shop_licence}+{servers_shop}+{network_each}", ""),
    ("mail", "solution MAIL", "={network_each}", ""),
    ("desk_retail", "DESK to RETAIL", "=12.50*<tickets RETAIL>", "12.50 a ticket"),
    ("desk_online", "DESK to ONLINE", "=12.50*<tickets ONLINE>", "12.50 a ticket"),
    ("desk_office", "DESK to HEAD_OFFICE", "=12.50*<tickets HEAD_OFFICE>", "12.50 a ticket"),
    (
        "difference",
        "DESK not covered by the rate",
        "={desk}-{desk_retail}-{desk_online}-{desk_office}",
        "negative when over-recovered",
    ),
    ("users", "users in all", "=<users RETAIL>+<users ONLINE>+<users HEAD_OFFICE>", ""),
    ("erp_retail", "ERP to RETAIL", "={erp}*<users RETAIL>/{users}", "by users"),
    ("erp_online", "ERP to ONLINE", "={erp}*<users ONLINE>/{users}", "by users"),
    ("erp_office", "ERP to HEAD_OFFICE", "={erp}*<users HEAD_OFFICE>/{users}", "by users"),
    ("mail_retail", "MAIL to RETAIL", "={mail}*<users RETAIL>/{users}", "by users"),
    ("mail_online", "MAIL to ONLINE", "={mail}*<users ONLINE>/{users}", "by users"),
    ("mail_office", "MAIL to HEAD_OFFICE", "={mail}*<users HEAD_OFFICE>/{users}", "by users"),
    ("correction", "correction of January", "=<correction>", "a dispute upheld: zero in sum"),
    ("retail", "bill of RETAIL", "={erp_retail}+{mail_retail}+{desk_retail}-{correction}", ""),
    ("online", "bill of ONLINE", "={erp_online}+{mail_online}+{desk_online}+{shop}", ""),
    ("office", "bill of HEAD_OFFICE", "={erp_office}+{mail_office}+{desk_office}+{correction}", ""),
    ("consumers", "all bills", "={retail}+{online}+{office}", ""),
    ("retail_rest", "RETAIL beyond whole cents", "=100*{retail}-INT(100*{retail})", ""),
    ("online_rest", "ONLINE beyond whole cents", "=100*{online}-INT(100*{online})", ""),
    ("office_rest", "HEAD_OFFICE beyond whole cents", "=100*{office}-INT(100*{office})", ""),
    (
        "spare",
        "cents to give out",
        "=ROUND(100*{consumers},0)-INT(100*{retail})-INT(100*{online})-INT(100*{office})",
        "bills add up to the rounded total",
    ),
    *(
        (
            f"{name}_bill",
            f"bill of {name}, rounded",
            f"=(INT(100*{{{name}}})+MIN(1,MAX(0,{{spare}}+1-"
            f"RANK({{{name}_rest}},{{retail_rest}}:{{office_rest}}))))/100",
            "spare cents to the largest rests",
        )
        for name in ("retail", "online", "office")
    ),
    ("unallocated", "unallocated in all", "={lost}+{cad}+{idle}+{difference}", ""),
    (
        "check",
        "nothing vanished (0)",
        "={input}-{consumers}-{training}-{unallocated}",
        "input - bills - retained - unallocated",
    ),
]
FIGURES = [
    # question, layer, code, other code or reason, step
    ("total", "", "lines", "", "lines"),
    ("total", "", "out_of_scope", "", "rent"),
    ("total", "", "input", "", "input"),
    ("total", "", "consumers", "", "consumers"),
    ("total", "", "retained", "", "training"),
    ("total", "", "unallocated", "", "unallocated"),
    ("left", "line", "", "no_mapping", "lost"),
    ("left", "pool", "LICENCES", "unknown_target", "cad"),
    ("left", "resource", "SERVERS", "idle", "idle"),
    ("left", "resource", "DESK", "rate_difference", "difference"),
    ("received", "pool", "CLOUD", "", "cloud"),
    ("received", "pool", "LICENCES", "", "licences"),
    ("received", "pool", "STAFF", "", "staff"),
    ("retained", "pool", "STAFF", "", "training"),
    ("passed_on", "pool", "STAFF", "", "busy"),
    ("received", "resource", "SERVERS", "", "servers"),
    ("received", "resource", "NETWORK", "", "network"),
    ("received", "resource", "DESK", "", "desk"),
    ("received", "solution", "ERP", "", "erp"),
    ("received", "solution", "SHOP", "", "shop"),
    ("received", "solution", "MAIL", "", "mail"),
    ("own", "consumer", "HEAD_OFFICE", "", "correction"),
    ("retained", "consumer", "RETAIL", "", "retail"),
    ("retained", "consumer", "ONLINE", "", "online"),
    ("retained", "consumer", "HEAD_OFFICE", "", "office"),
    ("flow", "", "CLOUD", "SERVERS", "compute"),
    ("flow", "", "CLOUD", "NETWORK", "wires"),
    ("flow", "", "LICENCES", "ERP", "erp_licence"),
    ("flow", "", "LICENCES", "SHOP", "shop_licence"),
    ("flow", "", "STAFF", "SERVERS", "staff_servers"),
    ("flow", "", "STAFF", "NETWORK", "staff_network"),
    ("flow", "", "STAFF", "DESK", "staff_desk"),
    ("flow", "", "NETWORK", "SERVERS", "network_servers"),
    ("flow", "", "NETWORK", "DESK", "network_desk"),
    ("flow", "", "SERVERS", "NETWORK", "servers_network"),
    ("flow", "", "SERVERS", "ERP", "servers_erp"),
    ("flow", "", "SERVERS", "SHOP", "servers_shop"),
    ("flow", "", "NETWORK", "ERP", "network_each"),
    ("flow", "", "NETWORK", "SHOP", "network_each"),
    ("flow", "", "NETWORK", "MAIL", "network_each"),
    ("flow", "", "DESK", "RETAIL", "desk_retail"),
    ("flow", "", "DESK", "ONLINE", "desk_online"),
    ("flow", "", "DESK", "HEAD_OFFICE", "desk_office"),
    ("flow", "", "ERP", "RETAIL", "erp_retail"),
    ("flow", "", "ERP", "ONLINE", "erp_online"),
    ("flow", "", "ERP", "HEAD_OFFICE", "erp_office"),
    ("flow", "", "SHOP", "ONLINE", "shop"),
    ("flow", "", "MAIL", "RETAIL", "mail_retail"),
    ("flow", "", "MAIL", "ONLINE", "mail_online"),
    ("flow", "", "MAIL", "HEAD_OFFICE", "mail_office"),
    ("bill", "consumer", "RETAIL", "", "retail_bill"),
    ("bill", "consumer", "ONLINE", "", "online_bill"),
    ("bill", "consumer", "HEAD_OFFICE", "", "office_bill"),
]
CORRECTION = "100.00"


def write_company() -> Book:
    """The whole workbook."""
    book = Book()
    book.row(
        "Lines", ["id", "month", "account", "kind", "app", "amount", "currency", "EUR", "what"]
    )
    for place, (month, code, account, kind, app, amount, currency, what) in enumerate(LINES):
        rate = next(2 + at for at, one in enumerate(RATES) if one[0] == month)
        euros = f"=F{place + 2}" + (f"*Rates!E{rate}" if currency == "USD" else "")
        book.row("Lines", [code, month, account, kind, app, Decimal(amount), currency, euros, what])
    book.row("Rates", ["month", "period", "from", "to", "rate"])
    for month, source, target, rate in RATES:  # type: ignore[assignment]
        book.row("Rates", [month, MONTHS[month], source, target, Decimal(rate)])
    book.row("Drivers", ["driver", "month", "source", "target", "quantity"])
    for month, driver, source, target, quantity in DRIVERS:
        book.row("Drivers", [driver, month, source, target, Decimal(quantity)])
    addresses = {name: _write_month(book, name) for name in MONTHS}
    book.row("Figures", ["question", "month", "layer", "code", "other", "figure"])
    for name in MONTHS:
        for question, layer, code, other, step in FIGURES:
            figure = f"={addresses[name][step]}"
            book.row("Figures", [question, name, layer, code, other, figure])
    for month, layer, code, budget in BUDGETS:
        step = {"RETAIL": "retail", "ONLINE": "online", "ERP": "erp"}[code]
        row = book.row("Figures", ["budget", month, layer, code, "", Decimal(budget)])
        variance = f"={addresses['January'][step]}-F{row}"
        book.row("Figures", ["variance", month, layer, code, "", variance])
    return book


def _write_month(book: Book, name: str) -> dict[str, str]:
    """One month from its lines to its bills; answers where each step stands."""
    book.row(name, ["step", "amount", "rule"])
    places = {step[0]: f"B{row}" for row, step in enumerate(STEPS, 2)}
    last = len(LINES) + 1
    facts = {
        "eur": f"Lines!$H$2:$H${last}",
        "month": f'Lines!$B$2:$B${last},"{name}"',
        "account": f"Lines!$C$2:$C${last}",
        "kind": f"Lines!$D$2:$D${last}",
        "app": f"Lines!$E$2:$E${last}",
        "correction": CORRECTION if name == "February" else "0",
    }
    for row, (at, driver, _, target, _) in enumerate(DRIVERS, 2):
        if at == name:
            facts[f"{driver} {target}"] = f"Drivers!$E${row}"
    for _, label, formula, rule in STEPS:
        written = formula
        for fact, where in facts.items():
            written = written.replace(f"<{fact}>", where)
        book.row(name, [label, written.format(**places), rule])
    return {step: f"{name}!{place}" for step, place in places.items()}


if __name__ == "__main__":
    write_company().save(WORKBOOK)
