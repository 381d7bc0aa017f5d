//! uWSGI's table of options, in uWSGI's order. uWSGI has about 940; those that wasgi will have are here one by one, of the
//! others it is known that they exist.

use crate::servers::option::{Kind, Opt};
use Kind::{Flag, Help, Int, Optional, Repeated, Text, Version};

const LATER: &str = "wasgi cannot do this yet.";
const UWSGI: &str =
    "nothing in a browser tab speaks the uwsgi protocol: use --http, --http-socket or --http11-socket.";
const TLS: &str =
    "there is no TLS here: between the page and a server inside it there is no network to protect.";
const EMPEROR: &str = "a tab runs one server, so there is nobody to rule over.";
const SPOOLER: &str = "wasgi has no spooler.";
const DAEMON: &str = "there is no background in a browser tab: a server lives as long as its page.";
const USERS: &str = "processes in a browser tab have no users, groups or file modes.";

/// First parts of the names of all options.
pub(super) const STEMS: &str = "\
    abstract add after alarm alarms allowed async attach auto autoload backlog backtrace binary binsh \
    blacklist body brutal buffer build cache cache2 call callable carbon catch cflags cgi cgroup chdir \
    chdir2 cheap cheaper check chmod chown chroot chunked clock clocks close collect command config connect \
    cpu cron cron2 daemonize daemonize2 daemons declare del die disable dlopen dot drop dump early emperor \
    enable end endfor endif env envdir error eval evil exception exec exit extract fallback farm fastcgi \
    fastrouter fd file fileserve flock flock2 for force forkbomb freebind fs ftok get gevent gid harakiri \
    heartbeat help home honour hook http http11 httprouter https https2 idle if ifdir ifenv ifexists \
    ifplugin ignore immediate imperial import include inherit ini inject iprint jailed ksm lazy legion limit \
    listen load lock locks log logdate logfile logformat logger loggers logto logto2 loop loops lq manage \
    map master max mem memory metric metrics mime mimefile min mode module mount mountpoint mule mules \
    multicast nagios namespace need never no notify ns offload optimize paste pause pecan persistent pidfile \
    pidfile2 ping pivot pivot_root plugin plugins post pp print prio privileged processes procname profiler \
    propagate protocol pull pump puwsgi py pyargv pyhome pyimport pymodule pyrun pyshell python pythonpath \
    queue raw rawrouter rbtimer re reaper refork reload rem remap req resolve response resume reuse rpc \
    rrdtool rsyslog safe scgi segfault set setns shared sharedarea show shutdown signal signals single skip \
    smart sni snmp so socket spooler ssl sslrouter sslrouter2 st start start_response static stats stop \
    strict subscribe subscribe2 subscription subscriptions suspend suwsgi symcall tcp test thread threaded \
    threads thunder timer touch udp ugreen uid umask umount undeferred unenv unique unprivileged unshare \
    unshare2 unsubscribe upload usage use uwsgi vacuum vassal vassals venv version vhost virtualenv wait \
    web3 websocket websockets weight whitelist worker workers write wsgi xml xmlconfig yaml yml zerg \
    zergpool";

/// All short options.
pub(super) const LETTERS: &str = "ACHJLMOQRSTabcdhilmprstvwxyz";

/// The options that are known one by one.
#[rustfmt::skip] // A table: one option a line.
pub(super) const OPTIONS: &[Opt] = &[
    Opt::new("-s --socket --uwsgi-socket", Repeated, "", "", "Address for the uwsgi protocol").refused(UWSGI),
    Opt::new("--http-socket", Repeated, "", "", "Address on which the workers speak HTTP"),
    Opt::new("--http11-socket", Repeated, "", "", "Address on which the workers speak HTTP and keep connections"),
    Opt::new("--https-socket", Repeated, "", "", "Address on which the workers speak HTTPS").refused(TLS),
    Opt::new("-p --processes --workers", Int, "", "", "Worker processes"),
    Opt::new("-t --harakiri", Int, "", "", "Seconds after which a worker that is busy with a request is killed"),
    Opt::new("-d --daemonize", Text, "", "", "Run in the background").refused(DAEMON),
    Opt::new("-l --listen", Int, "", "", "Connections that may wait to be accepted (default 100)"),
    Opt::new("-b --buffer-size", Int, "", "", "Most bytes of a request's head (default 4096)"),
    Opt::new("-T --enable-threads", Flag, "", "", "Let the app start threads (always so)"),
    Opt::new("-i --single-interpreter", Flag, "", "", "One interpreter per process (always so)"),
    Opt::new("--need-app", Optional(""), "", "", "Exit if the app cannot be loaded"),
    Opt::new("-M --master", Flag, "", "", "Supervise the workers"),
    Opt::new("--emperor", Repeated, "", "", "Rule over several servers").refused(EMPEROR),
    Opt::new("--die-on-term", Flag, "", "", "SIGTERM stops instead of reloading"),
    Opt::new("-h --help --usage", Help, "", "", "show this help"),
    Opt::new("-R --max-requests", Int, "", "", "Requests after which a worker is replaced"),
    Opt::new("-Q --spooler", Text, "", "", "Directory of a spooler").refused(SPOOLER),
    Opt::new("-L --disable-logging", Flag, "", "", "Do not log requests"),
    Opt::new("--uid --gid", Text, "", "", "User or group of the workers").refused(USERS),
    Opt::new("--ini", Text, "", "", "Read options from a file").refused(LATER),
    Opt::new("--chdir", Text, "", "", "Directory to change to before the app is loaded"),
    Opt::new("--lazy-apps", Flag, "", "", "Load the app in each worker instead of before they are forked"),
    Opt::new("--cheaper", Int, "", "", "Fewest workers when there is little to do"),
    Opt::new("--threads", Int, "", "", "Threads per worker"),
    Opt::new("--env", Repeated, "", "", "NAME=VALUE for the environment"),
    Opt::new("--vacuum", Flag, "", "", "Remove sockets and files at the end; here there are none"),
    Opt::new("--version", Version, "", "", "print uWSGI version"),
    Opt::new("--wsgi-file --file", Text, "", "", "File with the app"),
    Opt::new("-w --module --wsgi", Text, "", "", "Module with the app, and its callable after a colon"),
    Opt::new("--callable", Text, "", "", "Name of the callable (default application)"),
    Opt::new("--pythonpath --python-path --pp", Repeated, "", "", "Directory for the Python path"),
    Opt::new("--pyargv", Text, "", "", "sys.argv of the app"),
    Opt::new("--http --httprouter", Repeated, "", "", "Address of an HTTP router in front of the workers"),
    Opt::new("--https", Repeated, "", "", "Address of an HTTPS router").refused(TLS),
];
