"""Settings of `make run` itself. Every other variable is passed to the servers unchanged."""

from pathlib import Path

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from server_kit.settings import OptionalSecret, Port


class StackSettings(BaseSettings):
    model_config = SettingsConfigDict(
        extra="ignore", frozen=True, env_ignore_empty=True, hide_input_in_errors=True
    )

    hotchat_data_dir: Path = Field(Path(".hotchat"), description="Folder of everything `make run` keeps")
    hotchat_bind: str = Field("127.0.0.1", description="Address to listen on; 0.0.0.0 for every interface")
    chat_port: Port = Field(8000, description="Port of chat_server and the app")
    publish_port: Port = Field(8001, description="Port of publish_server")
    dev_port: Port = Field(5173, description="Port of the frontend in `make dev`")
    chat_workers: int = Field(1, ge=1, le=64, description="chat_server processes that share CHAT_PORT")
    publish_workers: int = Field(
        1, ge=1, le=64, description="publish_server processes that share PUBLISH_PORT"
    )
    database_url: SecretStr = Field(SecretStr(""), description="Postgres to use instead of the embedded one")
    redis_url: SecretStr = Field(
        SecretStr(""), description="Redis or Valkey to use instead of the embedded one"
    )
    kafka_bootstrap_servers: str = Field("", description="Kafka to use instead of the embedded broker")
    spa_dir: str = Field("", description="Folder of a built app to serve instead of building ours")
    hotchat_secret: OptionalSecret = Field(
        SecretStr(""), description="Made once in the data folder when absent"
    )
    hotchat_admin_token: OptionalSecret = Field(
        SecretStr(""), description="Made once in the data folder when absent"
    )

    @field_validator("hotchat_data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().resolve()
