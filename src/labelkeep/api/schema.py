"""How a view describes itself in the OpenAPI document: its parameters and its words. Bodies are told as plain objects;
their fields are those of CVAT's own schema."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse


class ViewSchema(AutoSchema):
    """For views without serializers, which all of ours are."""

    def get_request_serializer(self) -> Any:
        """A body of any fields, where the method has one."""
        return OpenApiTypes.OBJECT if self.method in ("POST", "PUT", "PATCH") else None

    def get_response_serializers(self) -> Any:
        """Any JSON; failures are told in cvat-protocol §1.3's shapes."""
        if self.method == "DELETE":
            return {204: OpenApiResponse(description="It is gone.")}
        return {200: OpenApiTypes.OBJECT}

    def get_override_parameters(self) -> list[Any]:
        """The parameters that every list takes, and each list's own."""
        view: Any = self.view
        fields = getattr(view, "fields", None)
        if fields is None or self.method != "GET":
            return []
        told = {
            "page": "The number of a page, from 1.",
            "page_size": "How many a page holds, or `all`.",
            "sort": f"Names, separated by commas, `-` before one that descends: {', '.join(fields)}.",
            "search": f"Words to find in: {', '.join(view.search) or 'nothing'}.",
            "filter": f"JSON Logic over: {', '.join(fields)}.",
        }
        own = {name: f"Only those whose {name} is this." for name in view.simple}
        return [OpenApiParameter(name, str, description=text) for name, text in {**told, **own}.items()]

    def get_operation_id(self) -> str:
        """Method and path: unique without guessing."""
        steps = [step.strip("{}") for step in self.path.strip("/").split("/")[1:]]
        return "_".join([self.method.lower(), *steps]).replace("-", "_")
