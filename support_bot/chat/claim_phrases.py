"""How the words are ordered by which claims.py finds, in each language, that something is said to be done.

Another language is another module such as claim_english.py, named in claims.py. `done` says that it happened,
`subjects` what it happened to; `told` are whole sayings. The words of `open` make a clause harmless, those of
`conditions` also the clauses after them.
"""

from __future__ import annotations

from dataclasses import dataclass

# What a claim is about: the tools, and `any` for "it is approved".
ANY = "any"
KINDS = (
    "request_refund", "cancel_order", "change_delivery", "update_profile", "create_order", "report_problem",
    "schedule_callback", ANY,
)  # fmt: skip
# What is also said without a verb: "Phone number updated".
HEADLINES = frozenset({"request_refund", "cancel_order", "update_profile", "change_delivery", "schedule_callback"})
# Who may have done something to a delivery, and is not us: what they did is a record's news, no claim.
OTHERS = (
    r"drivers?|couriers?|carriers?|senders?|shippers?|sellers?|shops?|stores?|merchants?|recipients?|neighbou?rs?"
    r"|depots?|customs|postm[ae]n"
    r"|(?:zusteller|fahrer|kurier|absender|verkäufer|händler|empfänger|nachbar|spediteur)\w*|zustelldienst\w*"
    r"|paketdienst\w*|shops?|depots?|zoll"
    r"|transportistas?|repartidor(?:es|as?)?|conductor(?:es|as?)?|mensajer[oa]s?|remitentes?|vendedor(?:es|as?)?"
    r"|tiendas?|destinatari[oa]s?|vecin[oa]s?|depósitos?|aduanas?"
)

# When a delivery may be moved to; elsewhere a parcel moves to a place.
DAYS = (
    r"(?:(?:next |this |the )?(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday|tomorrow|today)|(?:the )?\d"
    r"|(?:den |einen |kommenden |nächsten )*(?:montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag|morgen"
    r"|heute)"
    r"|(?:el )?(?:próximo )?(?:lunes|martes|miércoles|jueves|viernes|sábado|domingo|mañana|hoy))"
)


@dataclass(frozen=True, slots=True)
class Phrases:
    """Of one language. subjects, done: by kind, alternatives of a regular expression.

    passive: what stands between subject and participle ("has been"). active: what stands before it ("I have").
    own: what a headline begins with. participle_last: whether the object stands between `active` and the participle,
    as in German. impersonal: what begins a sentence with no doer ("se ha").

    deeds: by kind, what names the change itself ("cancellation"); came_about: that it took place, with a verb
    ("has gone through"), came_about_alone: at the end of a clause without one ("complete"). alone: by kind, what is a
    whole sentence ("Cancelled!"), with `adverbs` before and `tails` behind it. infinitives: by kind, after `achieved`
    ("managed to"). as_done: what stands before something that is to be taken for done ("consider your order").
    did: what somebody did with a deed ("took care of"), `articles` what stands between. it: something unnamed that is
    done, with its verb ("that has been"); did_it: what else was done to it.
    """

    name: str
    passive: str
    active: str
    subjects: dict[str, str]
    done: dict[str, str]
    told: dict[str, str]
    open: str
    conditions: str
    own: str
    deeds: dict[str, str]
    came_about: str
    came_about_alone: str
    alone: dict[str, str]
    adverbs: str
    tails: str
    infinitives: dict[str, str]
    achieved: str
    as_done: str
    did: str
    articles: str
    it: str
    did_it: str
    participle_last: bool = False
    impersonal: str = ""
