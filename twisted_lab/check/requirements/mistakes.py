"""Typical mistakes: each a question that leads to the cause, and the answer."""

from __future__ import annotations

from twisted_lab.check.requirements.requirement import Mistake

DECODED_PORTIONS = Mistake(
    "decoded-portions",
    "What does decode() get if a character of two bytes lies on the border of two portions?",
    "TCP delivers a stream of bytes, and recv() may cut it anywhere, also inside a character. "
    "Return the bytes as they are, or collect a whole message before you decode it "
    "(codecs.getincrementaldecoder does it portion by portion).",
)
RESET_ENDS_SERVER = Mistake(
    "reset-ends-server",
    "What does recv() do if a client has crashed, or closed without reading everything?",
    "It raises ConnectionResetError, and send() may raise BrokenPipeError. Catch OSError around "
    "the code that serves one client, close that client's socket, and go on with the next.",
)
ONE_CLIENT_ONLY = Mistake(
    "one-client-only",
    "How often does your program call accept()?",
    "The server ends with its first client. Put accept() and everything that follows in a loop, "
    "and close the client's socket, not the listening one, when recv() returns b''.",
)
ONE_RECV = Mistake(
    "one-recv-one-message",
    "Does one recv() return everything that one send() has sent?",
    "TCP has no messages: one send() may arrive in many portions, and many in one. Call recv() in "
    "a loop until the connection ends, and answer each portion.",
)
SEND_NOT_ALL = Mistake(
    "send-not-all",
    "What does send() return if the receiver reads slowly?",
    "send() may take only a part and returns how much it took. Use sendall(), or send the rest "
    "again.",
)
NO_ANSWER = Mistake(
    "no-answer",
    "What has your server received, and which call returns it to the client?",
    "The server does not return what it received. Call sendall() on the socket that accept() "
    "returned, once for each portion that recv() returned.",
)
NEVER_LISTENS = Mistake(
    "never-listens",
    "Which lines run before listen(), and does each of them return?",
    "No port was open. bind() and listen() must be reached after the program's questions are "
    "answered.",
)
PORT_IS_TEXT = Mistake(
    "port-is-text",
    "Which type does input() return, and which type does bind() or connect() want?",
    "input() returns a string, but a port is a number: use int(), and catch ValueError.",
)
ABSOLUTE_PATH = Mistake(
    "absolute-path",
    "Does the path of each file exist on another computer?",
    "The program opens a file by a path of your own computer. Use a path relative to the program, "
    "such as Path(__file__).parent / 'log.txt'.",
)
MISSING_MODULE = Mistake(
    "missing-module",
    "Is each module that you import installed here, or in your folder?",
    "Python did not find a module. Hand in your own modules with the program, and name packages "
    "that it needs.",
)
ENTER_IS_NONSENSE = Mistake(
    "enter-gives-traceback",
    "What does int('') do?",
    "Enter alone gives an empty string. Use the default for it: int(text) if text else 9090.",
)
NONSENSE_ENDS = Mistake(
    "nonsense-ends-program",
    "What does int('abc') do?",
    "It raises ValueError. Catch it, and ask again or use the default.",
)
NO_REUSE_ADDRESS = Mistake(
    "no-reuse-address",
    "Why does bind() fail for a minute after the server has ended?",
    "Connections that the server closed stay in TIME_WAIT. Before bind() call "
    "setsockopt(SOL_SOCKET, SO_REUSEADDR, 1).",
)
SPINS = Mistake(
    "spins",
    "What does recv() or input() return at the end, and does your loop stop there?",
    "At the end of a connection recv() returns b'' at once, again and again. End the loop, or it "
    "uses a whole processor.",
)
NOT_FLUSHED = Mistake(
    "log-not-flushed",
    "When does text that write() was given reach the file?",
    "It stays in a buffer until the file is closed. Open the file with buffering=1, call flush() "
    "after each line, or use the logging module.",
)
SEQUENTIAL = Mistake(
    "sequential",
    "What happens to a second client while recv() waits for the first?",
    "One thread serves one client at a time. Serve each client in a thread of its own, or use "
    "select, asyncio or Twisted.",
)
SEND_BLOCKS = Mistake(
    "send-blocks-all",
    "How long does sendall() take if the client does not read?",
    "It waits until the client reads, and everybody else waits, too. Give each client a thread or "
    "a queue of its own.",
)
CLOSES_AT_FIN = Mistake(
    "closes-at-fin",
    "Can a client that has sent everything still receive?",
    "It can: shutdown(SHUT_WR) ends one direction only. Send what is left before you close.",
)
CTRL_C_IGNORED = Mistake(
    "ctrl-c-ignored",
    "Which exception does Ctrl-C raise, and where is it caught?",
    "Ctrl-C raises KeyboardInterrupt. A bare `except:` catches it: catch OSError or ValueError "
    "instead. Threads should be daemons.",
)
NEVER_READ = Mistake(
    "reply-never-read",
    "Where does your client call recv(), and what does it do with the result?",
    "The reply is never received or never shown. Call recv() after sending, and print what it "
    "returns.",
)
PIECES_LOST = Mistake(
    "reply-in-pieces",
    "Is the whole reply there when recv() returns for the first time?",
    "A reply may arrive in several portions. Read until all of it is there: until a newline, a "
    "length, or as many bytes as were sent.",
)
FIXED_ADDRESS = Mistake(
    "fixed-address",
    "Where do the host and the port in connect() come from?",
    "The program connects to an address of its own instead of the one that it was given.",
)
NO_LOOP = Mistake(
    "no-loop",
    "How often does your client call input()?",
    "It sends one line and ends. Repeat input(), send and recv in a loop until the line is exit.",
)
UNCAUGHT = Mistake(
    "uncaught-error",
    "Which exception is in the last line of the traceback, and what should the user read instead?",
    "An error of the network or of the input is not caught. Catch it where it occurs, and print "
    "one line that says what happened.",
)
RAW_OUTPUT = Mistake(
    "raw-output",
    "What does a terminal do with the bytes 1b 5b 32 4a?",
    "It obeys them: text from the network can clear the screen or hide lines. Print control "
    "characters escaped, for example with repr() or str.isprintable().",
)
NO_EVENTS = Mistake(
    "no-events",
    "How would you find out from its output what your program is doing?",
    "Print a line, or write it to the log, when each of these events occurs.",
)
NOT_ASKED = Mistake(
    "not-asked",
    "What does your program do with the answer to its question?",
    "The answer is read, but not used: pass it to bind() or connect().",
)
CONSOLE_SILENT = Mistake(
    "port-not-printed",
    "How does a person find out which port your server took?",
    "Print the port after bind(): getsockname()[1] is the port that the socket really has.",
)
PORT_TAKEN = Mistake(
    "port-taken",
    "What does bind() do if another program listens on the port?",
    "It raises OSError (address already in use). Catch it, and try the next port, or port 0 for "
    "any free one.",
)
NO_DEFAULT = Mistake(
    "no-default",
    "What should a user do who does not know which number to choose?",
    "Offer a default, and take it for Enter: text = input('Port [9090]: ') or '9090'.",
)
CTRL_C_TRACEBACK = Mistake(
    "ctrl-c-traceback",
    "What does a user of your server see after Ctrl-C?",
    "Catch KeyboardInterrupt around the main loop, report the stop, and close the log.",
)
EXIT_DOES_NOT_END = Mistake(
    "exit-does-not-end",
    "Which threads still run after exit, and what do they wait for?",
    "After the line exit, leave the loop and close the socket. A thread that receives must be a "
    "daemon, or end when the socket is closed.",
)
SILENT_END = Mistake(
    "silent-end",
    "What does the user see when nobody answers any more?",
    "Print a line when the connection is refused, or when recv() returns b''.",
)
LAST_PORT = Mistake(
    "last-port",
    "Which port comes after 65535?",
    "There is none, and bind() raises OverflowError. Stop there, or take port 0 for any free one.",
)
