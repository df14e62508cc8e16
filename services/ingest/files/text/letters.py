"""Judges by its letters which of the older encodings a text was written in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_WESTERN = (
    "äöüßÄÖÜéà",
    "éèêëàâçùûüîïôœæÉÈÊÀÂÇÎÔ",
    "áéíóúñüÁÉÍÓÚÑºª",
    "ãõáéíóúâêôàçÃÕÁÉÍÓÚÂÊÔÇ",
    "åäöæøéÅÄÖÆØ",
    "àèéìòùÀÈÉÌÒÙ",
    "éëïóüöáèêíúýðþæÞÐ",
)
_CENTRAL = (
    "ąćęłńóśźżĄĆĘŁŃÓŚŹŻ",
    "áčďéěíňóřšťúůýžľĺŕäôÁČĎÉĚÍŇÓŘŠŤÚŮÝŽĽ",
    "áéíóöőúüűÁÉÍÓÖŐÚÜŰ",
    "ăâîşţșțĂÂÎŞŢ",
    "čćđšžČĆĐŠŽ",
    "äöüßÄÖÜ",
)
_TURKISH = ("çğıöşüÇĞİÖŞÜâî",)
_RUSSIAN = ("абвгдежзийклмнопрстуфхцчшщъыьэюяАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЫЭЮЯёіїєґ№",)
_GREEK = ("αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΆΈΉΊΌΎΏϊϋ",)
# One byte a letter; of those that fit equally well the first is taken.
_NARROW: Mapping[str, Sequence[str]] = {
    "cp1252": _WESTERN,
    "cp1250": _CENTRAL,
    "cp1251": _RUSSIAN,
    "cp1253": _GREEK,
    "cp1254": _TURKISH,
    "iso8859_2": _CENTRAL,
    "koi8_r": _RUSSIAN,
    "cp850": _WESTERN,
}
# What ledgers and bills are mostly written with.
_SIMPLIFIED = (
    "的一年月日金额费用公司有限服务供应商成本中心部门科目凭证摘要项目编号名称币种人民科技股份"
    "信息技术系统软件硬件网络设备采购付款收入支出合计余额借贷方向期间会计银行上海北京深圳广州"
    "中国大学市区省电子产品管理业务办公室工程资产租赁维护云器带宽费维运营发票税率单价数量客户"
    "合同订单明细说明备注状态类型时间开始结束交易对账号支付本外国际贸易在和是不了为与分行据"
    "据集团华为阿里腾讯东方南西京天津海山河江苏浙建安物业广告咨询培训差旅招待工资社保福利水"
    "能源通讯邮寄运输保险折旧摊销其他应收预提计入总部财务人事行政市场销售研发生产质量法律"
)
_TRADITIONAL = (
    "的一年月日金額費用公司有限服務供應商成本中心部門科目憑證摘要項目編號名稱幣種股份科技"
    "資訊技術系統軟體硬體網路設備採購付款收入支出合計餘額借貸方向期間會計銀行臺灣北市國際"
    "電子產品管理業辦公室工程資產租賃維護雲端發票稅率單價數量客戶訂單明細說明備註狀態類型"
)
_JAPANESE = "日付金額取引先年月円費用株式会社摘要部門科目番号支払請求書勘定合計税消込備考東京大阪"
_KOREAN = (
    "날짜금액공급업체주식회사서비스이용료비용일자부서계정코드합통화적요내역번호거래처명원가"
    "세전자삼성한국현대건설시스템정보기술관리운영유지보수구매발주결제은행월년도분기지급수입"
)
# Two bytes a letter, and the letters that texts in them are mostly made of.
_WIDE: Mapping[str, str] = {
    "gb18030": _SIMPLIFIED,
    "big5": _TRADITIONAL,
    "cp932": _JAPANESE,
    "euc_jp": _JAPANESE,
    "cp949": _KOREAN,
}
_ENOUGH_COMMON = 0.15
_FITS_WELL = 0.5
_FIT_TOGETHER = 0.8


@dataclass(frozen=True)
class Judged:
    """An encoding by its Python name and how sure it is, from 0 to 1."""

    name: str
    confidence: float


def judged_by_letters(sample: bytes) -> Judged:
    """The likeliest encoding of lines that are no UTF-8. What letters cannot tell is unsure."""
    common, wide = max(
        ((_share_common(sample, name, letters), name) for name, letters in _WIDE.items()),
        key=lambda pair: pair[0],
    )
    if common >= _ENOUGH_COMMON:
        return Judged(wide, 0.9 if common >= 2 * _ENOUGH_COMMON else 0.7)
    scores = {name: _fit(sample, name, languages) for name, languages in _NARROW.items()}
    best = max(scores, key=lambda name: scores[name])
    if scores[best] < _FITS_WELL:
        return Judged("gb18030", 0.5) if _is_gb2312(sample) else _of_several_languages(sample)
    rivals = [name for name in scores if name != best and scores[name] > scores[best] - 0.1]
    return Judged(best, 0.6 if rivals else 0.8)


def _of_several_languages(sample: bytes) -> Judged:
    """The encoding whose languages together have the letters: lists of suppliers mix them."""
    scores = {name: _fit(sample, name, ["".join(all_)]) for name, all_ in _NARROW.items()}
    best = max(scores, key=lambda name: scores[name])
    return Judged(best, 0.4) if scores[best] >= _FIT_TOGETHER else _by_order_of_letters(sample)


def _by_order_of_letters(sample: bytes) -> Judged:
    """What the statistics of many languages say, where none of the alphabets above fits."""
    from charset_normalizer import from_bytes

    best = from_bytes(sample, cp_isolation=[*_NARROW, *_WIDE]).best()
    found = "cp1252" if best is None or best.encoding == "ascii" else best.encoding
    return Judged(found, 0.4)


def _share_common(sample: bytes, encoding: str, letters: str) -> float:
    """How many of the letters beyond ASCII are common ones; kana always are in Japanese."""
    text = _decoded(sample, encoding)
    if text is None:
        return 0.0
    beyond = [letter for letter in text if letter > "\u00ff" and letter.isalnum()]
    common = sum(
        1
        for letter in beyond
        if letter in letters or (letters is _JAPANESE and "\u3041" <= letter <= "\u30ff")
    )
    # Single letters prove little: a few rare ones more are reckoned with.
    return common / (len(beyond) + 2)


def _fit(sample: bytes, encoding: str, languages: Sequence[str]) -> float:
    """How well the letters make words of one language, from 1 downwards."""
    text = _decoded(sample, encoding)
    if text is None:
        return -2.0
    letters, misplaced = 0, 0
    counts = [0] * len(languages)
    padded = f" {text} "
    for before, letter, after in zip(padded, padded[1:], padded[2:], strict=False):
        if letter.isascii():
            continue
        if not letter.isalpha():
            # Signs stand between words; only apostrophes stand within one. No export draws boxes.
            within = before.isalpha() and after.isalpha() and letter not in "’‘´"
            misplaced += within or "\u2500" <= letter <= "\u259f"
            continue
        letters += 1
        misplaced += _is_misplaced(before, letter, after)
        for place, language in enumerate(languages):
            counts[place] += letter in language
    if not letters:
        return -2.0 if misplaced else 0.6
    return max(counts) / letters - 2 * misplaced / letters


def _is_misplaced(before: str, letter: str, after: str) -> bool:
    """A capital behind a small letter, a single letter before a number, a mixture of scripts."""
    if letter.isupper() and before.isalpha() and before.islower():
        return True
    alone = not before.isalpha() and not after.isalpha()
    if alone and (after.isdigit() or after in "(+-"):
        return True
    other_script = letter > "\u036f"
    return other_script and any(one.isascii() and one.isalpha() for one in (before, after))


def _is_gb2312(sample: bytes) -> bool:
    """Whether all letters are of the old Chinese standard, where both bytes are high."""
    text = _decoded(sample, "gb2312")
    return text is not None


def _decoded(sample: bytes, encoding: str) -> str | None:
    try:
        text = sample.decode(encoding)
    except UnicodeDecodeError:
        return None
    return None if any("\x80" <= letter <= "\x9f" for letter in text) else text
