"""Typical mistakes of servers that identify and authenticate their clients."""

from __future__ import annotations

from twisted_lab.check.requirements.requirement import Mistake
from twisted_lab.text.language import N_

NEVER_ASKS = Mistake(
    "never-asks",
    N_("What does your server send to a client that it does not know?"),
    N_("Look the client's address up, and send a question for the name if it is not there."),
)
NOT_RECOGNISED = Mistake(
    "not-recognised",
    N_("Under which key do you store a name, and which key do you look up?"),
    N_(
        "accept() returns the address as a pair of host and port, and the port is another one each "
        "time. Store and look up address[0] alone, and send the stored name."
    ),
)
ASKED_AGAIN = Mistake(
    "asked-again",
    N_("Which branch of your program asks for the name, and when is it left out?"),
    N_("The question must be in the branch for unknown clients only. Check the name of the flag."),
)
ONE_NAME = Mistake(
    "one-name-for-all",
    N_("Where does the address of the client appear in the line that looks the name up?"),
    N_("The name is found without the address. Store address and name together, and compare both."),
)
FILE_OVERWRITTEN = Mistake(
    "file-overwritten",
    N_("What does open(name, 'w') do with what the file already holds?"),
    N_("It empties the file. Write all known names again, or append with mode 'a'."),
)
ENTRIES_TOGETHER = Mistake(
    "entries-together",
    N_("Look at the file after two clients have come: what stands between two entries?"),
    N_(
        "If both stand on one line, end each with a newline: "
        "file.write(f'{address},{name}\\n'). If not, see at which line your program fails."
    ),
)
NEWLINE_IN_NAME = Mistake(
    "newline-in-name",
    N_("What exactly does recv() return if somebody types a name in nc and presses Enter?"),
    N_("The newline belongs to it: b'Anna\\n'. Take it off with strip(), then store the name."),
)
NOT_STORED = Mistake(
    "not-stored",
    N_(
        "Where are the names while the server does not run, and which line reads them at the start?"
    ),
    N_(
        "Write each new name to a file at once, close the file, and read it when the server starts."
    ),
)
LEAVES_EARLY = Mistake(
    "client-leaves-early",
    N_("What do recv() and send() do if the client left instead of answering the question?"),
    N_(
        "recv() returns b'', which is no name and must not be stored. send() may raise "
        "BrokenPipeError: catch OSError around the code that serves one client."
    ),
)
FILE_ENCODING = Mistake(
    "file-encoding",
    N_("In which encoding do you read and write the file, and decode what you receive?"),
    N_("Use encoding='utf-8' in each open(), and decode() without errors='ignore'."),
)
NAME_IN_PIECES = Mistake(
    "name-in-pieces",
    N_("Is the whole name there when recv() returns for the first time?"),
    N_("Collect what recv() returns until the newline, or the length in the header, is reached."),
)
SEPARATOR_IN_NAME = Mistake(
    "separator-in-name",
    N_("What does your file look like after a name that contains a newline or your separator?"),
    N_("Refuse such names, or use a format that escapes them, such as the modules csv or json."),
)
EMPTY_NAME = Mistake(
    "empty-name",
    N_("What does your program read from a line in which the name is missing?"),
    N_("Take off white space with strip(), and ask again if nothing is left."),
)
SHARED_STATE = Mistake(
    "shared-state",
    N_("Which variables do the threads of two clients share?"),
    N_("Keep address and name in local variables of the function that serves one client."),
)
NEEDS_FILE = Mistake(
    "needs-file",
    N_("What does open(name) do if there is no such file?"),
    N_("It raises FileNotFoundError. Catch it, and start without known names."),
)
DAMAGED_FILE = Mistake(
    "damaged-file",
    N_("What does your program do with a line or file that it cannot understand?"),
    N_(
        "Catch ValueError (json.JSONDecodeError is one) and IndexError, report the damage, keep a "
        "copy of the file, and go on."
    ),
)
LONG_NAME = Mistake(
    "long-name",
    N_("How long is the longest name that your server stores?"),
    N_("Refuse names that are longer than, say, 64 characters."),
)
NO_PASSWORD = Mistake(
    "no-password",
    N_("When does your server ask for a password?"),
    N_("Ask a new client for a password, too, store a hash of it, and compare it the next time."),
)
RIGHT_REFUSED = Mistake(
    "right-password-refused",
    N_("Which two values does your program compare, and are they of one type?"),
    N_("Compare like with like: text with text, and a hash with a hash of the same text."),
)
WRONG_ACCEPTED = Mistake(
    "wrong-password-served",
    N_("Which line is executed next, after the words that refuse a client?"),
    N_("Words do not refuse anybody: close the connection, or ask again, before you serve."),
)
UNKNOWN_ACCEPTED = Mistake(
    "unknown-name-served",
    N_("What does your program compare the password with if there is no such name?"),
    N_("Refuse names that are not registered, in the same words as wrong passwords."),
)
UNKNOWN_KEY = Mistake(
    "unknown-key",
    N_("What does users[name] do if there is no such name?"),
    N_(
        "It raises KeyError, which ends the server. Ask first with if name in users: a client "
        "whose name is not there may register, or is refused."
    ),
)
PASSWORD_LOST = Mistake(
    "password-lost",
    N_("Where is the password while the server does not run?"),
    N_("Write each new user to a file at once, close the file, and read it at the start."),
)
PLAIN_TEXT = Mistake(
    "plain-text-password",
    N_("Who can read the passwords in your file?"),
    N_(
        "Whoever reads the file has all passwords, and people use one for many services. Store "
        "hashlib.scrypt() or hashlib.pbkdf2_hmac() of the password and a random salt."
    ),
)
NO_SALT = Mistake(
    "no-salt",
    N_("How do the stored values of two users with the same password differ?"),
    N_(
        "Without a salt they are equal, and lists of common hashes tell the password. Make a salt "
        "with os.urandom(16) for each user, and store it beside the hash."
    ),
)
FAST_HASH = Mistake(
    "fast-hash",
    N_("How many passwords can an attacker hash in one second?"),
    N_("Billions of MD5 or SHA-256. Use hashlib.scrypt() or hashlib.pbkdf2_hmac()."),
)
PASSWORD_LOGGED = Mistake(
    "password-logged",
    N_("Which line prints or logs everything that was received?"),
    N_("Leave passwords and tokens out of the console and of the log."),
)
PASSWORD_ECHOED = Mistake(
    "password-echoed",
    N_("What does your server send back after it has read the password?"),
    N_("Do not repeat the password: others may see the screen."),
)
ACCOUNTS_MIXED = Mistake(
    "accounts-mixed",
    N_("Does your program look for the password among all users, or for this user alone?"),
    N_("Find the user first, and compare the password with that user's own."),
)
EMPTY_PASSWORD = Mistake(
    "empty-password",
    N_("What does your program do with an empty password?"),
    N_("Take off white space, refuse an empty password, and ask again."),
)
PASSWORD_ENCODING = Mistake(
    "password-encoding",
    N_("How does a password with Cyrillic letters become bytes?"),
    N_("Encode it with UTF-8, the same way when it is stored and when it is compared."),
)
TOKEN_UNUSED = Mistake(
    "token-unused",
    N_("Which line of your server reads the token that a client sends?"),
    N_("Look the token up in the table of sessions, and go on without asking for the password."),
)
TOKEN_REPEATED = Mistake(
    "token-repeated",
    N_("What is your token computed from, and who else can compute it?"),
    N_("Make a new one for each login with secrets.token_hex(16)."),
)
TOKEN_UNCHECKED = Mistake(
    "token-unchecked",
    N_("What does your server compare the token with, and does it compare all of it?"),
    N_("A token is valid only if it is equal to one that the server has given out."),
)
TOKEN_OF_OTHERS = Mistake(
    "token-of-others",
    N_("Whom does the session of a token belong to?"),
    N_("Store the user with the token, and refuse the token for any other name."),
)
TOKEN_FOR_EVER = Mistake(
    "token-for-ever",
    N_("When does a token stop being valid?"),
    N_("Store when it was made, and refuse it after some time or after a logout."),
)
NO_BRAKE = Mistake(
    "no-brake",
    N_("How many passwords may a client try in one minute?"),
    N_("Close the connection after some wrong ones, and let the next attempt wait."),
)
NAME_CUT = Mistake(
    "name-cut",
    N_("How many bytes does recv(n) return at most, and how many has the name?"),
    N_("Use a larger n, and collect the parts until the name is complete."),
)
HASH_CHANGES = Mistake(
    "hash-changes",
    N_("Does hash() return the same number for a password after the program has started anew?"),
    N_(
        "Python's hash() of a text differs from one start to the next. The file seems to hold such "
        "numbers. Use hashlib.scrypt() with a salt that is stored beside the hash."
    ),
)
STORED_NOT_FOUND = Mistake(
    "stored-not-found",
    N_("Which line reads the file at the start, and is what it returns what you compare with?"),
    N_(
        "The file holds the user. Print with repr() what was read and what is compared with it: "
        "often one is text and the other bytes, or a newline is left at the end."
    ),
)
