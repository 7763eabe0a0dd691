"""Sessions on the wire."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from chat_server.text.names import clean_nickname


class SessionRequest(BaseModel):
    nickname: Annotated[str, AfterValidator(clean_nickname)]


class UserView(BaseModel):
    id: str
    nickname: str


class SessionView(BaseModel):
    """`token` goes into `Authorization: Bearer`; browsers use the cookie."""

    user: UserView
    token: Annotated[str, Field(description="For `Authorization: Bearer`; also sent as the cookie")]
    expires_at: str
