"""The prompts of `modelkeep demo`: what they say, version by version."""

from dataclasses import dataclass, field

PROMPT_TAG = "mlflow.prompt.is_prompt"
TEXT_TAG = "mlflow.prompt.text"


@dataclass(frozen=True)
class DemoPromptVersion:
    """What a version says, and why it was made."""

    text: str
    description: str = ""
    aliases: tuple[str, ...] = ()
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class DemoPrompt:
    """A prompt and its versions in their order."""

    name: str
    description: str
    tags: dict[str, str]
    versions: tuple[DemoPromptVersion, ...]


_CHAT = {"_mlflow_prompt_type": "chat"}

PROMPTS = (
    DemoPrompt(
        "support-answer",
        "Drafts the answer to a customer's mail. A person reads it **before it is sent**.",
        {"team": "care", "language": "en"},
        (
            DemoPromptVersion(
                "You answer mails of customers of {{ company }}.\n\nThe mail:\n{{ mail }}\n\nWrite the answer.",
                "First try.",
            ),
            DemoPromptVersion(
                "You answer mails of customers of {{ company }}.\nBe friendly, and no longer than {{ sentences }} "
                "sentences.\nPromise nothing that the terms do not say.\n\nThe terms:\n{{ terms }}\n\n"
                "The mail:\n{{ mail }}\n\nWrite the answer.",
                "Answers promised refunds: the terms are given now.",
                ("production",),
                {"reviewed": "yes"},
            ),
            DemoPromptVersion(
                "You answer mails of customers of {{ company }}.\nBe friendly, and no longer than {{ sentences }} "
                "sentences.\nPromise nothing that the terms do not say; where they say nothing, hand over to a "
                "person.\n\nThe terms:\n{{ terms }}\n\nThe mail:\n{{ mail }}\n\n"
                "Write the answer in the language of the mail.",
                "Hands over what the terms leave open, and answers in the customer's language.",
                ("candidate",),
            ),
        ),
    ),
    DemoPrompt(
        "ticket-triage",
        "",
        {"team": "care"},
        (
            DemoPromptVersion(
                '[{"role": "system", "content": "Sort the ticket: billing, delivery, product or other."},'
                ' {"role": "user", "content": "{{ ticket }}"}]',
                "",
                ("production",),
                _CHAT,
            ),
        ),
    ),
)
