"""netlab-auth, which tells whether the password or the token was wrong."""

from mutant import run

from twisted_lab.services import auth

refusal = auth.refusal


async def login(self, channel, credentials):
    try:
        return await checked(self, channel, credentials)
    except Exception as error:
        error.is_token = isinstance(credentials, auth.Token)
        raise


checked = auth.Authentication._login
auth.Authentication._login = login
auth.refusal = lambda error: "Wrong token." if error.is_token else refusal(error)
run("auth")
