"""Typical mistakes: each a question that leads to the cause, and the answer."""

from __future__ import annotations

from twisted_lab.check.requirements.requirement import Mistake
from twisted_lab.text.language import N_

DECODED_PORTIONS = Mistake(
    "decoded-portions",
    N_("What does decode() get if a character of two bytes lies on the border of two portions?"),
    N_(
        "TCP delivers a stream of bytes, and recv() may cut it anywhere, also inside a character. "
        "Return the bytes as they are, or collect a whole message before you decode it "
        "(codecs.getincrementaldecoder does it portion by portion)."
    ),
)
DECODED_BYTES = Mistake(
    "decoded-bytes",
    N_("What does decode() do with bytes that are no text?"),
    N_(
        "It raises UnicodeDecodeError, or loses them with errors='ignore' or 'replace'. Return the "
        "bytes as they are, and decode only what you print, with errors='backslashreplace'."
    ),
)
ASCII_ONLY = Mistake(
    "ascii-only",
    N_("Which letters does the encoding have that you pass to encode() and decode()?"),
    N_("ASCII has only English letters. Use UTF-8, or pass the bytes on as they are."),
)
OTHER_ENCODING = Mistake(
    "other-encoding",
    N_("Which encoding do you pass to encode(), and which one do the others expect?"),
    N_(
        "It has these letters, but other programs read the bytes as UTF-8. Call encode() and "
        "decode() without an argument: that is UTF-8."
    ),
)
BYTES_IN_TEXT = Mistake(
    "bytes-in-text",
    N_("What does str() make of bytes, and an f-string too?"),
    N_(
        "It writes them as b'...', with \\x before each byte of a letter that is not English. Call "
        "data.decode() to get the text, and do not turn bytes into a str in another way."
    ),
)
UDP_LISTENS = Mistake(
    "udp-listens",
    N_("On which kind of socket do you call listen() and accept()?"),
    N_(
        "A UDP socket (SOCK_DGRAM) has neither: it has no connections. For UDP, call recvfrom() "
        "right after bind(). For TCP, make the socket with SOCK_STREAM."
    ),
)
SHOWS_BYTES = Mistake(
    "shows-bytes",
    N_("How do bytes differ from text (str), and what does print() make of bytes?"),
    N_(
        "recv() returns bytes, and print() shows them as b'...', with \\x before each byte of a "
        "letter that is not English. Decode a whole message, and print the text: "
        "print(data.decode())."
    ),
)
RESET_ENDS_SERVER = Mistake(
    "reset-ends-server",
    N_("What does recv() do if a client has crashed, or closed without reading everything?"),
    N_(
        "It raises ConnectionResetError, and send() may raise BrokenPipeError. Catch OSError "
        "around the code that serves one client, close that client's socket, and go on with the "
        "next."
    ),
)
SEND_ENDS_SERVER = Mistake(
    "send-ends-server",
    N_("What do send() and sendall() do if the client has crashed, or closed its socket?"),
    N_(
        "They raise BrokenPipeError or ConnectionResetError, as recv() may. Put recv() and send() "
        "into one try, catch OSError there, close that client's socket, and go on with the next."
    ),
)
ONE_CLIENT_ONLY = Mistake(
    "one-client-only",
    N_("How often does your program call accept()?"),
    N_(
        "The server serves its first client alone. Put accept() and everything that follows in a "
        "loop, and close the client's socket, not the listening one, when recv() returns b''."
    ),
)
CLOSED_SOCKET = Mistake(
    "closed-socket",
    N_("Which socket does your program close, and which one does it use after that?"),
    N_(
        "A closed socket cannot be used any more. A server closes the socket that accept() "
        "returned when its client has left, and keeps the listening one."
    ),
)
ONE_RECV = Mistake(
    "one-recv-one-message",
    N_("Does one recv() return everything that one send() has sent?"),
    N_(
        "TCP has no messages: one send() may arrive in many portions, and many in one. Call recv() "
        "in a loop until the connection ends, and answer each portion."
    ),
)
SEND_NOT_ALL = Mistake(
    "send-not-all",
    N_("What does send() return if the receiver reads slowly?"),
    N_(
        "send() may take only a part and returns how much it took. Use sendall(), or send the rest "
        "again."
    ),
)
NO_ANSWER = Mistake(
    "no-answer",
    N_("What has your server received, and which call returns it to the client?"),
    N_(
        "The server does not return what it received. Call sendall() on the socket that accept() "
        "returned, once for each portion that recv() returned."
    ),
)
NEVER_LISTENS = Mistake(
    "never-listens",
    N_("Which lines run before listen(), and does each of them return?"),
    N_(
        "No port was open. bind() and listen() must be reached after the program's questions are "
        "answered."
    ),
)
PORT_IS_TEXT = Mistake(
    "port-is-text",
    N_(
        "Which type has a port from input() or from sys.argv, and which type does bind() or "
        "connect() want?"
    ),
    N_(
        "input() returns a string, and sys.argv has strings, but a port is a number: use int(), "
        "and catch ValueError."
    ),
)
NOT_ENCODED = Mistake(
    "text-not-encoded",
    N_("Which values in the line that Python names are text (str), and which are bytes?"),
    N_(
        "Sockets send and receive bytes. Encode text before it is sent, as in "
        "sendall(line.encode()), and decode what recv() returns: data.decode()."
    ),
)
ABSOLUTE_PATH = Mistake(
    "absolute-path",
    N_("Does the path of each file exist on another computer?"),
    N_(
        "The program opens a file by a path of your own computer. Use a path relative to the "
        "program, such as Path(__file__).parent / 'log.txt'."
    ),
)
UNREADABLE = Mistake(
    "unreadable-program",
    N_("Which line does Python name, and what is wrong in it, or right before it?"),
    N_(
        "Python cannot read the program, and runs no line of it. Start it by hand, and repair the "
        "line that the message names: often a bracket, a colon or the indentation."
    ),
)
MISSING_MODULE = Mistake(
    "missing-module",
    N_("Is each module that you import installed here, or in your folder?"),
    N_(
        "Python did not find a module. Hand in your own modules with the program, and name "
        "packages that it needs."
    ),
)
ENTER_IS_NONSENSE = Mistake(
    "enter-gives-traceback",
    N_("What does int('') do?"),
    N_("Enter alone gives an empty string. Use the default for it: int(text) if text else 9090."),
)
NONSENSE_ENDS = Mistake(
    "nonsense-ends-program",
    N_("What does int('abc') do?"),
    N_("It raises ValueError. Catch it, and ask again or use the default."),
)
PORT_TOO_LARGE = Mistake(
    "port-too-large",
    N_("Which numbers can a port be, and who checks that yours is one of them?"),
    N_(
        "A port is a number from 1 to 65535. int() takes 99999, but bind() and connect() raise "
        "OverflowError: compare the number with both limits, and ask again or use the default."
    ),
)
NO_REUSE_ADDRESS = Mistake(
    "no-reuse-address",
    N_("Why does bind() fail for a minute after the server has ended?"),
    N_(
        "Connections that the server closed stay in TIME_WAIT. Before bind() call "
        "setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)."
    ),
)
SPINS = Mistake(
    "spins",
    N_("What does recv() or input() return at the end, and does your loop stop there?"),
    N_(
        "At the end of a connection recv() returns b'' at once, again and again. Test for b'' in "
        "each loop that calls recv(), and stop reading there; otherwise the loop uses a whole "
        "processor."
    ),
)
NOT_FLUSHED = Mistake(
    "log-not-flushed",
    N_("When does text that write() was given reach the file?"),
    N_(
        "It stays in a buffer until the file is closed. Open the file with buffering=1, call "
        "flush() after each line, or use the logging module."
    ),
)
LOG_REPLACED = Mistake(
    "log-replaced",
    N_('What does open() with mode "w" do to a file that holds something?'),
    N_(
        'It empties the file first. To add a line to a log, open it with mode "a" (append), or '
        "open it once and keep it open."
    ),
)
SEQUENTIAL = Mistake(
    "sequential",
    N_("What happens to a second client while recv() waits for the first?"),
    N_(
        "One thread serves one client at a time. Serve each client in a thread of its own, or use "
        "select, asyncio or Twisted."
    ),
)
SEND_BLOCKS = Mistake(
    "send-blocks-all",
    N_("How long does sendall() take if the client does not read?"),
    N_(
        "It waits until the client reads, and everybody else waits, too. Give each client a thread "
        "or a queue of its own."
    ),
)
CLOSES_AT_FIN = Mistake(
    "closes-at-fin",
    N_("Can a client that has sent everything still receive?"),
    N_("It can: shutdown(SHUT_WR) ends one direction only. Send what is left before you close."),
)
CTRL_C_IGNORED = Mistake(
    "ctrl-c-ignored",
    N_("Which exception does Ctrl-C raise, and where is it caught?"),
    N_(
        "Ctrl-C raises KeyboardInterrupt. A bare `except:` catches it: catch OSError or ValueError "
        "instead. Threads should be daemons."
    ),
)
THREADS_LIVE_ON = Mistake(
    "threads-live-on",
    N_("Which threads still run after Ctrl-C, and what do they wait for?"),
    N_(
        "Python's process ends once all threads have ended that are not daemons. Write "
        "threading.Thread(..., daemon=True), or close the clients' sockets at the end."
    ),
)
NEVER_READ = Mistake(
    "reply-never-read",
    N_("Where does your client call recv(), and what does it do with the result?"),
    N_(
        "The reply is never received or never shown. Call recv() after sending, and print what it "
        "returns."
    ),
)
PIECES_LOST = Mistake(
    "reply-in-pieces",
    N_("Is the whole reply there when recv() returns for the first time?"),
    N_(
        "A reply may arrive in several portions, and TCP does not tell where it ends. An echo "
        "returns exactly what was sent: call recv() again until as many bytes have come as were "
        "sent."
    ),
)
LAST_PIECE = Mistake(
    "last-piece",
    N_("Where does your client keep what the earlier calls of recv() have returned?"),
    N_(
        "A reply may arrive in several portions, and the next one must not replace the one before "
        "it. Collect them, as in data += sock.recv(1024), and print the whole."
    ),
)
WAITS_FOR_MORE = Mistake(
    "waits-for-more",
    N_("When does your client stop calling recv(), and does the server send what it waits for?"),
    N_(
        "TCP has no borders between messages. An echo returns exactly what was sent: no newline if "
        "none was sent, and recv() returns b'' only once the server closes. Call recv() until as "
        "many bytes have come as were sent; or send a newline after each line, and read to it."
    ),
)
END_OF_INPUT = Mistake(
    "end-of-input",
    N_("input() raises EOFError at the end of the input (Ctrl-D): where do you catch it?"),
    N_("Put input() into try, and after `except EOFError:` leave the loop."),
)
REFUSED = Mistake(
    "connection-refused",
    N_("connect() raises ConnectionRefusedError if no program listens: where do you catch it?"),
    N_(
        "Put connect() into try, and after `except OSError as error:` print one line that says "
        "which host and port did not answer. Then end, or ask for another address."
    ),
)
UNKNOWN_HOST = Mistake(
    "unknown-host",
    N_("connect() raises gaierror if no host has that name: where do you catch it?"),
    N_(
        "Put connect() into try. gaierror is an OSError: after `except OSError as error:` print "
        "one line, and ask again or take the default."
    ),
)
CONNECTION_LOST = Mistake(
    "connection-lost",
    N_("What does recv() return, and what does send() raise, once the server has closed?"),
    N_(
        "recv() returns b'' at once, each time. send() raises BrokenPipeError or "
        "ConnectionResetError. After recv(), write: if not data: print that the server has closed, "
        "and leave the loop. Catch OSError around send() and recv()."
    ),
)
FIXED_ADDRESS = Mistake(
    "fixed-address",
    N_("Where do the host and the port in connect() come from?"),
    N_("The program connects to an address of its own instead of the one that it was given."),
)
EMPTY_LINE = Mistake(
    "empty-line",
    N_("How many bytes does send() put on the wire if the line is empty?"),
    N_(
        "None: TCP has no empty messages. The server learns nothing, and recv() waits for an "
        'answer that nobody sends. After input(), write: if not line: continue. Or send a "\\n" '
        "after each line."
    ),
)
NO_LOOP = Mistake(
    "no-loop",
    N_("How often does your client call input()?"),
    N_(
        "It sends one line and ends. Repeat input(), send and recv in a loop until the line is "
        "exit."
    ),
)
UNCAUGHT = Mistake(
    "uncaught-error",
    N_(
        "Which exception is in the last line of the traceback, and what should the user read "
        "instead?"
    ),
    N_(
        "An error of the network or of the input is not caught. Catch it where it occurs, and "
        "print one line that says what happened."
    ),
)
RAW_OUTPUT = Mistake(
    "raw-output",
    N_("What does a terminal do with the bytes 1b 5b 32 4a?"),
    N_(
        "It obeys them: text from the network can clear the screen or hide lines. Print control "
        "characters escaped, for example with repr() or str.isprintable()."
    ),
)
NO_EVENTS = Mistake(
    "no-events",
    N_("How would you find out from its output what your program is doing?"),
    N_("Print a line, or write it to the log, when each of these events occurs."),
)
END_NOT_TESTED = Mistake(
    "end-not-tested",
    N_("What does recv() return when the client has left, and where do you test for it?"),
    N_(
        "It returns b'', and that is no message. Test for it right after recv(), before you use, "
        "report or answer what it returned; then close this client's socket."
    ),
)
NOT_ASKED = Mistake(
    "not-asked",
    N_("What does your program do with the answer to its question?"),
    N_("The answer is read, but not used: pass it to bind() or connect()."),
)
CONSOLE_SILENT = Mistake(
    "port-not-printed",
    N_("How does a person find out which port your server took?"),
    N_("Print the port after bind(): getsockname()[1] is the port that the socket really has."),
)
PORT_TAKEN = Mistake(
    "port-taken",
    N_("What does bind() do if another program listens on the port?"),
    N_(
        "It raises OSError (address already in use). Catch it, and try the next port, or port 0 "
        "for any free one."
    ),
)
NO_DEFAULT = Mistake(
    "no-default",
    N_("What should a user do who does not know which number to choose?"),
    N_("Offer a default, and take it for Enter: text = input('Port [9090]: ') or '9090'."),
)
CTRL_C_TRACEBACK = Mistake(
    "ctrl-c-traceback",
    N_("What does a user of your server see after Ctrl-C?"),
    N_("Catch KeyboardInterrupt around the main loop, report the stop, and close the log."),
)
EXIT_DOES_NOT_END = Mistake(
    "exit-does-not-end",
    N_("Which loop or thread still runs after exit, and what does it wait for?"),
    N_(
        "After the line exit, leave the loop and close the socket. A thread that receives must be "
        "a daemon, or end when the socket is closed."
    ),
)
EXIT_NOT_RECOGNISED = Mistake(
    "exit-not-recognised",
    N_("What do you compare the line with, and what does print(repr(text)) show?"),
    N_(
        "input() returns the line without its newline, and sys.stdin.readline() with it. Take it "
        "off with strip(), and compare the text with 'exit' before it is sent."
    ),
)
SILENT_END = Mistake(
    "silent-end",
    N_("What does the user see when nobody answers any more?"),
    N_("Print a line when the connection is refused, or when recv() returns b''."),
)
LAST_PORT = Mistake(
    "last-port",
    N_("Which port comes after 65535?"),
    N_(
        "There is none, and bind() raises OverflowError. Stop there, or take port 0 for any free "
        "one."
    ),
)
MISSING_FILE = Mistake(
    "missing-file",
    N_("Which file does the line that Python names open, and who makes it before the first start?"),
    N_(
        "open() raises FileNotFoundError if there is no such file, and to write one needs its "
        "folder. Catch FileNotFoundError, and start with nothing stored, such as an empty "
        "dictionary."
    ),
)
JSON_TYPES = Mistake(
    "json-types",
    N_("Of which types are the keys and values that json.dump() is to write?"),
    N_(
        "JSON knows only text as keys, and no bytes. The address that accept() returns is a pair: "
        "use address[0]. Use decode() on what recv() returns, and hex() on a hash."
    ),
)
JSON_TWICE = Mistake(
    "json-twice",
    N_("What does a file hold after two calls of json.dump() for the same open file?"),
    N_(
        "Two values, one behind the other, and json.load() reads only one. Open the file with mode "
        "'w' each time, in `with open(...) as file:`, and write the whole dictionary."
    ),
)
OWN_ERROR = Mistake(
    "own-error",
    N_("Which line of your program does Python name, and what does it say about it?"),
    N_(
        "This is no error of the network: do not catch it, but correct the line. The last line of "
        "the traceback says what is wrong, and the lines above it say where. Print each value of "
        "that line with repr() just before it."
    ),
)
ACCEPT_AGAIN = Mistake(
    "accept-again",
    N_("What does accept() wait for, and which of your loops is it in?"),
    N_(
        "It waits for a new client; meanwhile nobody reads what this one sends. Use two loops: "
        "accept() in the outer one; recv() and sendall() in the inner one, until recv() returns "
        "b''."
    ),
)
ACCEPT_PAIR = Mistake(
    "accept-pair",
    N_("What does accept() return: a socket, or more?"),
    N_(
        "A pair (a tuple): the socket of this client and its address. Write: "
        "conn, addr = s.accept()."
    ),
)
NOT_LISTENING = Mistake(
    "not-listening",
    N_("Which call makes a socket accept connections, and does your program call it?"),
    N_("accept() needs a socket that listens. Call bind(), then listen(), then accept()."),
)
MODULE_CALLED = Mistake(
    "module-called",
    N_(
        "Which name in the line that Python shows is a module? Is a file in your folder named like "
        "a module that you import, such as socket.py?"
    ),
    N_(
        "Python takes a file in your folder before its own module of the same name: give your file "
        "another name. And a module cannot be called: write socket.socket(), not socket()."
    ),
)
RETURNS_REPR = Mistake(
    "returns-repr",
    N_("What do str() and an f-string make of bytes?"),
    N_(
        "They make b'...' of them, with \\x before each byte of a letter that is not English. Send "
        "the bytes as they are, sendall(data), or the text: data.decode() before, encode() after."
    ),
)
END_ENDS_ALL = Mistake(
    "end-ends-all",
    N_("What does recv() return when a client leaves, and which part of your program ends then?"),
    N_(
        "It returns b''. That is the end of this client alone: leave the loop that serves it, "
        "close its socket, and go on with accept()."
    ),
)
