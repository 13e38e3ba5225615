"""The strict parser of the client that people really use: it raises where a key, a type or a null is not right."""

from __future__ import annotations

import json
from typing import Any

from cvat_sdk.api_client import Configuration, models
from cvat_sdk.api_client.model_utils import validate_and_convert_types


def parsed(model: str, content: bytes) -> Any:
    """A response's body as the client's model of this name ("ProjectRead").

    Raises:
        ApiTypeError, ApiValueError: the client would not take it.
    """
    schema = (getattr(models, model),)
    return validate_and_convert_types(
        json.loads(content), schema, ["received_data"], True, True, configuration=Configuration()
    )
