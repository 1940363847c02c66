"""A second service, which trusts what the first one signs: `uvicorn examples.verifier:app --port 8001`."""

from fastapi import FastAPI

from ostiary import JwksIssuer, Verifier
from ostiary.integrations.fastapi import CurrentUser

verifier = Verifier(JwksIssuer(issuer="http://127.0.0.1:8000", audience="http://127.0.0.1:8000"))
app = FastAPI()
verifier.install(app)


@app.get("/hello")
async def hello(user: CurrentUser) -> str:
    return f"Hello, {user.name}"
