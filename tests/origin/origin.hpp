// The origin: a farm of faulty HTTP mirrors on loopback, deterministic to the byte.
//
// In a C++ test (link yizhan_origin):
//
//   Farm farm;
//   farm.index().add_wheel("big", "1.0", {.size = 300 << 20});
//   Server& a = farm.add("a");                       // its own 127.0.1.x, a free port
//   Server& b = farm.add("b");
//   farm.index().publish(a);                         // PEP 503 and 691 pages, files, .metadata
//   farm.index().publish(b, {.paths = PublishOptions::Paths::plain});
//   a.misbehave("big-1.0-py3-none-any.whl",          // a file name fits every path that ends so
//               Behaviour().stall(Offset::percent(50), "half"));
//   a.misbehave("/simple/big/", Behaviour().instead(forbidden()), nth(2));
//   … start what is tested with a.url("/simple/") …
//   farm.gates().wait_arrivals("half");              // the response stands at its middle byte now
//   farm.gates().open("half");
//   a.record().count("big-1.0-py3-none-any.whl", "GET");
//
// A Client (client.hpp) asks as rawly as a Server answers. Nothing sleeps: a gate holds a response until the test opens
// it, waits end when what they wait for has happened, and every wait has a patience after which the test fails.
//
// As a program, for tests in other languages and for benchmarks: `origin SCRIPT [SECONDS]` (script.hpp has the
// language, control.hpp the port by which a running farm is asked and changed). From Python:
//
//   farm = subprocess.Popen([origin, "farm.txt"], stdin=PIPE, stdout=PIPE, text=True)
//   about = json.loads(farm.stdout.readline())       # about["servers"]["a"]["url"], about["control"], about["ca"]
//   urllib.request.urlopen(about["control"] + "/open?gate=half")
//   farm.stdin.close()                               # ends it
#pragma once

#include "tests/origin/behaviour.hpp"
#include "tests/origin/body.hpp"
#include "tests/origin/client.hpp"
#include "tests/origin/farm.hpp"
#include "tests/origin/gates.hpp"
#include "tests/origin/pypi_index.hpp"
#include "tests/origin/record.hpp"
#include "tests/origin/resource.hpp"
#include "tests/origin/server.hpp"
#include "tests/origin/wheel.hpp"
