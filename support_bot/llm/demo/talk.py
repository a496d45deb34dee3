"""What is answered in words alone: greetings, help, what is not ours to do. Decides which of it fits; makes no
calls."""

from __future__ import annotations

from support_bot.llm.demo.languages import foreign_apology
from support_bot.llm.demo.planning import Wishes
from support_bot.llm.demo.requests import READS, Request

CAN_DO = (
    "I can look up packages, trucks, orders, prices, your profile and your requests, and I can prepare changes: "
    "your address, phone, e-mail or name, a delivery, a cancellation, a refund, a problem report, a call back, or a "
    "new booking."
)
# The page shows the button to a person only where the customer asked for one.
_PERSON = 'For anything else I can hand you over to a person: just say "a person, please".'
TEXTS: dict[str, str] = {
    "greet": (
        "Hello! I am the built-in demo model of this service. Tell me a package number such as ABCD-1337, or ask what "
        "I can do."
    ),
    "help": (
        f"{CAN_DO}\n"
        "For example:\n"
        '- "Where is ABCD-1337?"\n'
        '- "Which of my packages are delayed?"\n'
        '- "Cancel ORD-1002"\n'
        '- "Change my phone number"\n'
        '- "Call me tomorrow at 10"\n'
        "A change is made only after you have confirmed it and, where needed, our staff agree."
    ),
    "thanks": "You are welcome! Is there anything else I can do for you?",
    "bye": "Goodbye, and thank you for writing to us!",
    "bot": (
        "I am not a person: I am the built-in demo model of this service, a set of rules without an AI service behind "
        f"it, and I answer from our records. {_PERSON}"
    ),
    "human": (
        "I can hand you over to a person: press the button below, and our staff answer you here. If you see no button, "
        'write "a person, please".'
    ),
    "complaint": (
        "I am sorry about this, and I understand that you are upset. Tell me the package or order number and what "
        'happened, and I look into it. If you would rather talk to a person, just say "a person, please".'
    ),
    "sorry": "I am sorry about the trouble.",
    "cannot": f"That I cannot do. {CAN_DO}",
    "privacy": (
        "I can only show you your own packages, orders and data, nobody else's. If somebody sent you a package, tell "
        "me its number."
    ),
    "faq": f"That I cannot tell you: none of my records says it. {CAN_DO} {_PERSON}",
    "process": (
        "A change is made only after you press Confirm on its card. Most changes are then checked by our staff, and "
        'you are told here what became of them. How long that takes I cannot say; ask "what happened to my request?" '
        "at any time."
    ),
    "language": (
        "The built-in demo model speaks English. Please write to me in English, or send me just the package number."
    ),
    "unknown": (
        f"I did not understand that. {CAN_DO} Could you say it in other words? If you would rather talk to a person, "
        'just say "a person, please".'
    ),
    "not_understood_answer": 'I did not understand that. You can also say "never mind".',
    "lost": f"I am sorry, I do not understand it, so I leave this for now. {_PERSON}",
    "dropped": "All right, I leave that. Is there anything else I can do for you?",
    "confirm": "Please press Confirm on the card above: I cannot confirm it for you. Until then nothing is changed.",
    "refrain": (
        "All right, I change nothing. If there is still an unconfirmed card above, you can press Withdraw on it."
    ),
    "withdraw": (
        "To take a request back, press Withdraw on its card; that works as long as it is not being carried out. A card "
        "that is not confirmed changes nothing."
    ),
    "okay": "Good. Is there anything else I can do for you?",
    "unreadable": f"I have an answer that I cannot put into words. {_PERSON}",
    "too_much": "That was more than I can do at once. Please ask for the rest again.",
}
# Which of several social things is answered: the first. The last ones only where nothing else was said.
_BY_WEIGHT = (
    "injection",
    "privacy",
    "human",
    "complaint",
    "refrain",
    "withdraw",
    "chatter",
    "faq",
    "process",
    "bot",
    "help",
    "bye",
    "thanks",
    "greet",
)
_TOPIC = {"injection": "cannot", "chatter": "cannot"}
# Said beside an answer; politeness is not.
_BESIDE = {
    "injection": "cannot",
    "privacy": "privacy",
    "human": "human",
    "complaint": "sorry",
    "chatter": "cannot",
    "faq": "faq",
    "withdraw": "withdraw",
}


def social_topics(wishes: Wishes, *, busy: bool) -> list[str]:
    """The names of the texts to say. busy: there are requests to work on."""
    social = [name for name in _BY_WEIGHT if name in wishes.social]
    if busy:
        return [_BESIDE[name] for name in social if name in _BESIDE][:1]
    words = wishes.whole.words
    if social:
        return [_TOPIC.get(social[0], social[0])]
    if words.has("yes", "no", "never_mind") and len(words.tokens) <= 4:
        return ["okay"]
    return ["unknown"]


def is_foreign(text: str, wishes: Wishes) -> bool:
    """Another language; a number in it may still be looked up."""
    understood = any(clause.guess.score >= 6 and not clause.guess.social for clause in wishes.clauses)
    return not understood and foreign_apology(text) is not None


def in_their_language(text: str) -> str:
    apology = foreign_apology(text)
    return f"{apology} {TEXTS['language']}" if apology else TEXTS["language"]


def allowed_when_foreign(requests: list[Request]) -> list[Request]:
    """A number is a number in every language; anything else would be a guess."""
    return [
        request for request in requests if request.intent in READS and (request.slots.package or request.slots.order)
    ]
