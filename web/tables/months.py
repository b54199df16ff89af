"""The names of months, long and short, in English, German, French and Spanish; without accents and dots."""

import unicodedata

_NAMES = (
    "january jan januar janner janvier janv enero ene",
    "february feb februar febr fevrier fevr fev febrero",
    "march mar marz mrz maerz mars marzo",
    "april apr avril avr abril abr",
    "may mai mayo",
    "june jun juni juin junio",
    "july jul juli juillet juil julio",
    "august aug aout agosto ago",
    "september sep sept septembre septiembre setiembre",
    "october oct oktober okt octobre octubre",
    "november nov novembre noviembre",
    "december dec dezember dez decembre diciembre dic",
)
MONTHS = {name: month for month, names in enumerate(_NAMES, 1) for name in names.split()}
# What may stand in a date besides, and says nothing: articles, endings of numbers, days of the week.
_FILLERS = (
    "de del of the den le el er st nd rd th a am um",
    "mon monday tue tues tuesday wed wednesday thu thur thurs thursday fri friday sat saturday sun sunday",
    "mo montag di dienstag mi mittwoch do donnerstag fr freitag sa samstag sonnabend so sonntag",
    "lun lundi mardi mer mercredi jeu jeudi ven vendredi sam samedi dim dimanche",
    "lunes martes mie miercoles jue jueves vie viernes sab sabado dom domingo",
)
FILLERS = frozenset(word for words in _FILLERS for word in words.split())


def fold(word: str) -> str:
    """A word as it stands here: small, without accents."""
    return "".join(
        sign for sign in unicodedata.normalize("NFKD", word.lower()) if not unicodedata.combining(sign)
    )
