"""A document against the schema that it names."""

import json
from functools import cache
from typing import Any

import jsonschema
from jsonschema.protocols import Validator

from klprove.schemas import schema_of


@cache
def law(name: str) -> Validator:
    """What judges documents of the schema `name`."""
    return jsonschema.Draft202012Validator(schema_of(name))


def obey(content: Any) -> None:
    """Raise jsonschema.ValidationError where `content`, as it is written, is not what its schema
    says; KeyError where nobody has published that."""
    written = json.loads(json.dumps(content))
    law(written["schema"]).validate(written)
