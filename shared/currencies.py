"""The currencies of ISO 4217 and the number of digits of their minor units; facts, no rates."""

# Active codes of ISO 4217 by the number of decimals of their minor unit. Two is the rule.
_TWO = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD
CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS
GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL
MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK
PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS
TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG
"""
_NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"
_FOUR = "CLF UYW"
# Withdrawn codes that older ledgers still carry.
_WITHDRAWN = "ANG CUC EEK HRK LTL LVL MRO SKK SLL STD VEF ZWL"
_WITHDRAWN_NONE = "BYR"

MINOR_DIGITS: dict[str, int] = {
    code: digits
    for digits, codes in (
        (2, _TWO),
        (0, _NONE),
        (3, _THREE),
        (4, _FOUR),
        (2, _WITHDRAWN),
        (0, _WITHDRAWN_NONE),
    )
    for code in codes.split()
}


def is_currency(code: str) -> bool:
    """Whether this is a currency code of ISO 4217, in capitals, as money here must carry."""
    return code in MINOR_DIGITS


def minor_digits(code: str) -> int:
    """How many decimals the minor unit of a currency has: 2 for EUR, 0 for JPY, 3 for KWD.

    Raises KeyError when the code is not a currency.
    """
    return MINOR_DIGITS[code]
