// The line language by which the standalone origin is driven: one statement a line, '#' starts a comment.
//
//   server NAME [address=127.0.0.2] [port=N] [tls[=good|expired|wrong-name|self-signed]] [rate=20M]
//          [connection-rate=5M] [delay=30ms]
//   serve NAME PATH [random=SEED size=300M | text="…"] [status=200] [type=text/plain] [etag=…] [header="A: b"]…
//   wheel PROJECT VERSION [size=40M] [seed=N] [requires="six>=1"]… [requires-python=">=3.6"] [tag=py3-none-any]
//          [yanked[=reason]] [uploaded=2024-01-02T03:04:05Z]
//   publish NAME [index=/simple/] [paths=pypi|plain] [links=relative|absolute|rooted] [hash=sha256|none]
//          [metadata=yes|no|missing|unannounced] [json=no] [files=no] [files-on=NAME] [serial=N] [only=PROJECT]…
//          [without=FILE]… [other-hash=FILE]…
//   fault NAME PATH ACTION… [first=N] [count=N] [method=GET] [when="User-Agent: pip"]
//   behave NAME [PATH]
//   refuse NAME | black-hole NAME | mute NAME | listen NAME | remove NAME
//   rate NAME 5M                                             of all its bodies together, those under way too
//   open GATE | close GATE
//
// Actions of fault: cut=K reset=K stall=K@GATE pause=K@500ms rate=K@1M drip=K@BYTES/INTERVAL flip=K lie=SEED length=N
// chunked until-close append="…" raw="…" header="A: b" line="…" drop=Name ignore-range refuse-range shift-range=N
// claim-total=N ignore-conditions cut-head=N reset-head=N stall-head=GATE delay=30ms, and instead of the resource:
// empty challenge forbidden missing too-many[=SECONDS] redirect=LOCATION status=CODE.
// K is a number of bytes (50, 64K, 40M, 1G; -1 counts from the end) or a percentage (50%). "…" knows \r \n \t \"
// \\ \xHH.
// ${NAME} stands for a server's origin, as in redirect=${b}/file. A PATH without leading slash is a file name.
#pragma once

#include "tests/origin/farm.hpp"

#include <string_view>

namespace yizhan::origin {

/// Runs all lines; std::runtime_error with the line's number at the first that is wrong (those before it stay done).
void run_script(Farm& farm, std::string_view script);

} // namespace yizhan::origin
