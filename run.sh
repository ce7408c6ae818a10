W=$1; cd $(mktemp -d /tmp/rv2/st/XXXX)
r(){ timeout -s INT 6 nice -n 19 /work/wt/$W/.venv/bin/twistd -n "$@" >o 2>&1; rc=$?; echo "[$rc] $*: $(grep -v 'starting\|startup\|reactor class\|Server Shut\|Main loop\|Starting\|Stopping\|Port.*Closed' o | sed 's/^20[^ ]* //' | tail -2 | tr '\n' '|' | sed 's/[0-9.]* s,/T s,/g')"; }
r netlab --only echo --echo-port 21090 --echo-strict-port --interface 127.0.0.1
r netlab --only echo --base-port 21090 --strict-port --interface 127.0.0.1
r netlab --only echo,chat --base-port 21090 --strict-port --interface 127.0.0.1
r netlab --only chat --chat-port 21095 --interface 127.0.0.1
r netlab-chat --port 21095 --interface 127.0.0.1
r netlab-chat -p 21095 -i 127.0.0.1 --tcp-port 21099 --strict-port
r netlab-chat -p 0 --tcp-port 21099 --strict-port -i 127.0.0.1
r netlab --only chat --base-port 0 --tcp-port 21099 --strict-port --interface 127.0.0.1
r netlab-echo -p 21090 --strict-port -i 127.0.0.1
r netlab-echo --listen tcp:21090:interface=127.0.0.1
r netlab-echo --listen foo:1
r netlab-echo --listen stdio:
r netlab --only echo --echo-listen foo:1
r netlab-echo --interface 10.9.8.7
r netlab --only echo,ident --interface 10.9.8.7
r netlab --only echo --echo-interface 10.9.8.7
r netlab-echo -p0 --metrics foo
r netlab-echo -p0 --metrics tcp:21090:interface=127.0.0.1
r netlab-echo -p0 --control unix:/nonexist/x
r netlab-echo -p0 --tls --certificate /nonexist
r netlab-echo -p0 --tls --certificate /dev/null --key /dev/null
r netlab --only echo --base-port 0 --tls --certificate /nonexist
r netlab --only echo --base-port 0 --echo-tls --echo-certificate /nonexist
r netlab-ident -p0 --database /nonexist/x
r netlab --only ident --base-port 0 --database /nonexist/x
r netlab --only ident --base-port 0 --ident-database /nonexist/x
r netlab --only ident,auth --base-port 0 --ident-database i.db
ls
r netlab-echo -p0 --log-file /nonexist/x
r netlab-echo -p0 --log-file /dev/full
r netlab-auth -p0 --argon2-memory 4096 --argon2-lanes 64
r netlab --only echo --base-port 0 --echo-interface ::1 --interface 127.0.0.1
r netlab --only echo --base-port 0 --interface 127.0.0.1 --echo-interface ::1
r netlab --only chat --base-port 0 --tls
r netlab --only chat --base-port 0 --chat-tls
r netlab --only chat,echo --base-port 0 --chat-tls
r netlab --only chat,echo --base-port 0 --tls
r netlab --only chat --base-port 0 --proxy-protocol
r netlab --only chat --base-port 0 --chat-listen tcp:0
r netlab --base-port 65000
r netlab --base-port 0 --only echo --echo-workers 2
r netlab --base-port 0 --only echo --workers 2
r netlab --base-port 0 --only echo --listen tcp:0
r netlab-echo -p0 --workers 2 --log-level warn
r netlab-echo -p0 --workers 2 --work 3
r netlab-echo --workers 2 --listen tcp:0
r netlab-chat --workers 2
r netlab --only echo,echo --base-port 0
r netlab --only "" 
r netlab --only " echo"
r netlab-echo x
r netlab x
r netlab --base-port 0 -- x
r netlab-echo --port
r netlab-echo -p
r netlab-echo -q
r netlab-echo --transport=Fast
r netlab-echo --tls=1
r netlab --echo-tls=1
cd /; D=$(mktemp -d); cd $D; rmdir $D; r2(){ timeout -s INT 6 /work/wt/$W/.venv/bin/twistd -n "$@" >/tmp/rv2/o$W 2>&1; echo "[$?] removed $*: $(tail -1 /tmp/rv2/o$W)"; }
r2 netlab-echo -p0; r2 netlab-echo -p0 --tls;  r2 netlab-echo -p0 --log-file x;  r2 netlab-ident -p0; r2 netlab --base-port 0 --only ident; r2 netlab --base-port 0 --only echo;  r2 netlab --base-port 0 --only ident --database /tmp/rv2/dd;  r2 netlab --base-port 0 --only ident --ident-database /tmp/rv2/dd; r2 netlab --base-port 0 --only echo --echo-listen unix:abc; r2 netlab-chat -p0 --history h
