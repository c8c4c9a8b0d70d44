"""One question to a model behind an OpenAI-compatible endpoint (vLLM, llama.cpp, Ollama), and its answer.

Whatever comes back is data: it is held against the schema here, whether or not the server did, and anything
else is refused. Redirections are not followed, so that nothing is sent to where nobody said.
"""

from __future__ import annotations

import http.client
import json
import os
import threading
import urllib.error
import urllib.request
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from lab_core.errors import ConfigurationError
from lab_core.outcomes import OutcomeCode
from lab_language.errors import LanguageError

LONGEST_ANSWER = 1 << 16
"""Bytes: a list of numbers is shorter."""


class EndpointFailed(LanguageError):
    """The endpoint gave no answer that can be used: nothing moves."""

    code = OutcomeCode.UNAVAILABLE


@dataclass(frozen=True, slots=True)
class Endpoint:
    """url: up to /v1. model: as the server names it. timeout: seconds until the whole answer is there.
    key_variable: name of the environment variable with the key of the server; empty: it has none.
    """

    url: str
    model: str
    timeout: float = 20.0
    key_variable: str = ""

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise ConfigurationError(
                f"endpoint '{self.url[:80]}' is no address: give one such as http://localhost:8000/v1"
            )
        if not self.model:
            raise ConfigurationError("the endpoint needs the name of a model: see what the server offers")
        if self.key_variable and self.key_variable not in os.environ:
            raise ConfigurationError(
                f"the environment has no {self.key_variable}: set it to the server's key"
            )

    def ask(self, instruction: str, content: list[dict[str, Any]], schema: dict[str, Any]) -> Any:
        """The JSON that the model answers; the caller checks it. content: of the message, see the API.

        Raises EndpointFailed.
        """
        body = {
            "model": self.model,
            "temperature": 0.0,
            "seed": 0,
            "max_tokens": 300,
            "messages": [
                {"role": "system", "content": instruction},
                {"role": "user", "content": content},
            ],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "answer", "strict": True, "schema": schema},
            },
        }
        try:
            answer = json.loads(self._post(json.dumps(body).encode()))
            text = answer["choices"][0]["message"]["content"]
            return json.loads(text)
        except (ValueError, KeyError, IndexError, TypeError, RecursionError) as error:
            raise EndpointFailed(f"{self._where} gave no answer of the form that was asked for") from error

    @property
    def _where(self) -> str:
        return f"the model {self.model[:60]} at {urlsplit(self.url).netloc[:80]}"

    def _post(self, data: bytes) -> bytes:
        headers = {"Content-Type": "application/json"}
        if self.key_variable:
            headers["Authorization"] = f"Bearer {os.environ.get(self.key_variable, '')}"
        request = urllib.request.Request(
            f"{self.url.rstrip('/')}/chat/completions", data, headers, method="POST"
        )
        answer: Future[bytes] = Future()

        def fetch() -> None:
            try:
                answer.set_result(_received(request, self.timeout))
            except Exception as error:
                answer.set_exception(error)

        # a thread of its own: a server that sends drop by drop outlasts every timeout of a socket
        threading.Thread(target=fetch, name="endpoint", daemon=True).start()
        try:
            received = answer.result(self.timeout)
        except TimeoutError as error:
            raise EndpointFailed(f"{self._where} gave no answer within {self.timeout:g} s") from error
        except urllib.error.HTTPError as error:
            raise EndpointFailed(f"{self._where} refuses: HTTP {error.code}") from error
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise EndpointFailed(f"{self._where} cannot be reached: {str(error)[:80]}") from error
        if len(received) > LONGEST_ANSWER:
            raise EndpointFailed(f"{self._where} answers without an end")
        return received


def _received(request: urllib.request.Request, timeout: float) -> bytes:
    """The first bytes of the answer, one more than may be."""
    opener = urllib.request.build_opener(_NoRedirection())
    with opener.open(request, timeout=timeout) as response:
        data: bytes = response.read(LONGEST_ANSWER + 1)
    return data


class _NoRedirection(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None
