"""What every group of settings is: frozen, closed, and with all defaults where nothing is said."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

Port = Annotated[int, Field(ge=1, le=65535)]


class Section(BaseModel):
    """A frozen group of settings. A key without a value (`mx1:`) means all defaults."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _nothing_is_all_defaults(cls, value: Any) -> Any:  # noqa: ANN401  # whatever YAML held
        return {} if value is None else value
