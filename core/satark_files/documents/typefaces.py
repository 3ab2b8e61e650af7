"""Knows the public names of fonts: a font of any other name may be somebody's handwriting, named after them."""

import re
from typing import Final

_FAMILIES: Final = (
    "Adobe Aparajita Aptos Arial Arimo Baloo BookAntiqua Calibri Cambria Candara Cantarell Carlito Century Comic"
    " Consolas Constantia Corbel Courier DejaVu Devanagari DevLys Droid Ebrima FranklinGothic FreeMono FreeSans"
    " FreeSerif Garamond Georgia GillSans GlyphLess Helvetica Hind Impact Inter Kohinoor Kokila KrutiDev Lato"
    " Liberation LM LMMono LMSans Lohit Lucida Mangal Meiryo Microsoft Montserrat MSGothic Mukta Myriad Nimbus Nirmala"
    " Noto Nunito OpenSans OpenSymbol Palatino PingFang Playfair Poppins PTSans PTSerif Raleway Roboto Sakal"
    " SamsungOne SamsungSans Sanskrit SegoeUI SF SFPro SFUI SimHei SimSun Source StarSymbol Sylfaen Symbol Tahoma"
    " TeXGyre Times Tiro Trebuchet Ubuntu Utsaah Verdana Webdings Wingdings YaHei ZapfDingbats"
)
_WORDS: Final = (
    "PS|MT|MS|New|Roman|Bold|Italic|Oblique|Regular|Book|Light|Medium|Thin|Semi|Demi|Extra|Ultra|Black|Heavy|Narrow|L"
    "|Cond|Condensed|Cn|Std|Pro|UI|Text|Display|Sans|Serif|Mono|Math|Code|CJK|[JKST]C|JP|KR|Slab|Console|Grande|Caps"
    "|Schoolbook|Gothic|Devanagari|Bengali|Gujarati|Gurmukhi|Kannada|Malayalam|Odia|Oriya|Tamil|Telugu|Urdu|Arabic"
    "|Nastaliq|Emoji|Color|Symbols?|Antiqua|Unicode|Variable|VF|WGL|Identity|[HV]|Old|Style|Nova|Neue?|\\d{1,4}"
)
_PUBLIC: Final = re.compile(
    f"(?:(?:{_FAMILIES.replace(' ', '|')})(?:{_WORDS})*|(?:CM|SF|LM|EU|MS[AB])[A-Z]{{1,6}}\\d{{1,4}})", re.IGNORECASE
)
_SUBSET: Final = re.compile(r"/?(?:[A-Z]{6}\+)?|[^A-Za-z0-9]")


def is_public(name: str) -> bool:
    """Whether many people have the font of this name, which may have the marks of a PDF's subset."""
    return bool(_PUBLIC.fullmatch(_SUBSET.sub("", name)))
