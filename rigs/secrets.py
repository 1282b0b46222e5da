"""What is a secret, by the name it stands under and by its place in a URL: nobody repeats it."""

import re
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from functools import lru_cache

# Parts of the names that credentials have in OCPP-J 6.2.2 and in stations' own keys, in lower case,
# without what joins words (sim_pin, Api-Key).
NAMES = (
    *("authorizationkey", "authorisationkey", "passw", "passphrase", "passcode", "pwd", "secret", "psk"),
    *("apikey", "privatekey", "wifikey", "wlankey", "accesstoken", "authtoken", "apitoken", "bearertoken"),
    *("refreshtoken", "credential", "simpin", "pincode", "simpuk"),
)
SHORT_NAMES = frozenset({"pass", "pw", "pin", "puk"})  # a whole word of a name: parts of too many other words
IN_QUERIES = (
    "key",
    "code",
    "auth",
    "sig",
    "token",
    "signature",
)  # what the parameters of signed URLs end with
WORDS = frozenset({*NAMES, *SHORT_NAMES, "password", "passwd"})
APN = "gsm_apn"  # apn,user,password: EVC4
SMS = "gsm_sms"  # of no published form; that a command by SMS carries a code: assumed, so all of it is one
ENDPOINT = "com_endpoint"  # a URL that may go without its scheme: EVC4

_JOINTS = str.maketrans("", "", "_-. ")
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_NAME = "|".join("[_. -]?".join(name) for name in NAMES)
_URL = re.compile(r"(/\\?/[^/?#\s:@\"'\\]*:)([^/?#\s\"'\\]*)(?=@)")  # RFC 3986 3.2.1; JSON may write \/
_BARE = re.compile(r"^([^/?#\s:@]*:)([^/?#\s]*)(?=@)")  # the same where the scheme is left out
_OPTION = re.compile(  # password=…, "AuthorizationKey":"…", <password>…: in no JSON, and in lists of options
    rf"(?i)((?:(?:{_NAME})[a-z]{{0,20}}|(?<![a-z])(?:{'|'.join(sorted(SHORT_NAMES))}))"
    rf"(?:\\?[\"']?\s*[=:-]?[=:>]|\s+value\s*=)\s*\\?[\"']?)([^\\\"',;&<\s}}\]]+)"
)
_QUERY = re.compile(  # ?sig=…&X-Amz-Signature=…; eight characters with a digit, as no plain word has
    rf"(?i)([?&][\w-]*(?:{'|'.join(IN_QUERIES)})=)((?=[^&#\s\"'\\]*\d)[^&#\s\"'\\]{{8,}})"
)
_BEARER = re.compile(r"(?i)(\bbearer\s+)((?=[\w.~+/-]*\d)[\w.~+/-]{8,}=*)")  # RFC 6750 2.1
_PRIVATE_KEY = re.compile(r"(-----BEGIN [A-Z ]*PRIVATE KEY-----)([^-]+)")  # RFC 7468 10
PATTERNS = (_URL, _OPTION, _QUERY, _BEARER, _PRIVATE_KEY)
SIGNS = (":", "=", ">", "-----")  # but for _BEARER, none of them matches without one of these
_URL_SAFE = str.maketrans("+/", "-_")
_BASIC = re.compile(r"(?i)(\bbasic\s+)([\w+/-]{4,}={0,2})")  # RFC 7617: user and password, in base64


@lru_cache(4096)  # a run asks for the same few names again and again, a stranger's for any
def is_secret(name: str) -> bool:
    """Is what stands under this name a credential?"""
    return speaks_of_one(name)


def speaks_of_one(text: str) -> bool:
    """Does it name a credential?"""
    lower = text.lower()
    bare = lower.translate(_JOINTS)
    if SMS in lower or any(part in bare for part in NAMES):
        return True
    return any(word.lower() in SHORT_NAMES for word in _WORD.findall(text))


def is_word(text: str) -> bool:
    """Is it only what secrets are called, and none that somebody chose?"""
    return text.strip().lower() in WORDS


def zeros(text: str) -> str:
    """As many zeros as there were characters, so that a replay takes a frame alike."""
    return "0" * len(text)


def passwords(name: str, value: str) -> Iterator[str]:
    """The credentials in a text that stands under a name ("" where it has none)."""
    if is_secret(name):
        yield value
        return
    fields = value.split(",", 2)
    if name.lower() == APN and len(fields) == 3:
        yield fields[2]
    yield from (match[2] for match in _BASIC.finditer(value) if _is_pair(match[2]))
    if not _may_match(value):  # nearly every value
        return
    for pattern in (*PATTERNS, *([_BARE] if name.lower() == ENDPOINT else [])):
        yield from (match[2] for match in pattern.finditer(value))


def _may_match(text: str) -> bool:
    """Is there what each of the patterns needs?"""
    return any(sign in text for sign in SIGNS) or "bearer" in text.lower()


def without_passwords(text: str) -> str:
    """Any words, with zeros for the password of a URL and for what is called one."""
    if _may_match(text):
        for pattern in PATTERNS:
            text = pattern.sub(lambda match: match[1] + zeros(match[2]), text)
    return _BASIC.sub(lambda match: match[1] + (zeros(match[2]) if _is_pair(match[2]) else match[2]), text)


def hidden(name: str, value: str) -> str:
    """A text that stands under a name, with zeros for the credentials in it."""
    for secret in filter(None, set(passwords(name, value))):
        value = value.replace(secret, zeros(secret))
    return value


def _is_pair(word: str) -> bool:
    """Is it a user and a password in base64, and no word of a language?"""
    bare = word.rstrip("=").translate(_URL_SAFE)
    try:
        return b":" in urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
    except ValueError:
        return False
