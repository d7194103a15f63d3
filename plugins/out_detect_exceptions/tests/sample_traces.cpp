#include "sample_traces.hpp"

namespace logboom::detect_exceptions_test {

const std::vector<Sample>& samples() {
  static const std::vector<Sample> all = {
      {"java", "uncaught", R"(Exception in thread "main" java.lang.IllegalStateException: no connection
	at com.example.shop.Orders.open(Orders.java:42)
	at com.example.shop.Main.main(Main.java:9))"},
      {"java", "with causes",
       R"(2023-11-14 22:13:20.123 ERROR 1 --- [nio-8080-exec-1] c.e.Api : com.example.ApiException: failed
	at com.example.Api.call(Api.java:17) ~[app.jar!/:1.0]
	at java.base/java.lang.Thread.run(Thread.java:833)
Caused by: java.sql.SQLException: timeout
	at org.postgresql.Driver.connect(Driver.java:285)
	... 23 more
Caused by: java.net.SocketTimeoutException
	at java.base/java.net.Socket.connect(Socket.java:633)
	... 30 common frames omitted)"},
      {"java", "suppressed", R"(java.io.IOException: close
	at com.example.Res.use(Res.java:5)
	Suppressed: java.lang.RuntimeException: second
		at com.example.Res.close(Res.java:11)
		... 1 more)"},
      {"java", "without a message, native method", R"(java.lang.NullPointerException
	at jdk.internal.reflect.NativeMethodAccessorImpl.invoke0(Native Method)
	at com.example.App.lambda$main$0(App.java:3))"},
      {"java", "nested", R"(javax.servlet.ServletException: outer
	at com.example.Filter.run(Filter.java:1)
nested exception is:
java.lang.OutOfMemoryError: Java heap space
	at com.example.Deep.alloc(Deep.java:8))"},
      {"js", "type error", R"(TypeError: Cannot read properties of undefined (reading 'id')
    at handler (/app/src/routes.js:12:20)
    at async Layer.handle (/app/node_modules/express/lib/router/layer.js:95:5))"},
      {"js", "nobody caught it", R"(/app/index.js:3
    throw new Error("boom");
    ^

Error: boom
    at Object.<anonymous> (/app/index.js:3:11)
    at node:internal/main/run_main_module:23:47

Node.js v18.19.0)"},
      {"js", "with fields", R"(Error: connect ECONNREFUSED 127.0.0.1:5432
    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1595:16) {
  errno: -111,
  code: 'ECONNREFUSED',
  syscall: 'connect'
})"},
      {"js", "of V8 itself", R"(V8 errors stack trace
  eval at Template.render (eval at load (views.js:40:9))
  at new Basket (native)
  at Order.place [as submit] (order.js:17:22)
  at <anonymous>)"},
      {"js", "with a cause", R"(Error: outer
    at main (file:///app/main.mjs:4:9) {
  [cause]: Error: inner
      at inner (file:///app/main.mjs:2:9)
})"},
      {"js", "rejection", R"((node:17) UnhandledPromiseRejectionWarning: RangeError: Invalid time value
    at Date.toISOString (<anonymous>)
    at eval (eval at <anonymous> (/app/x.js:1:1), <anonymous>:1:7))"},
      {"csharp", "unhandled", R"(Unhandled exception. System.InvalidOperationException: Sequence contains no elements
   at System.Linq.ThrowHelper.ThrowNoElementsException()
   at Shop.Program.Main(String[] args) in /src/Program.cs:line 12)"},
      {"csharp", "inner exception", R"(System.AggregateException: One or more errors occurred. (no route)
 ---> System.Net.Http.HttpRequestException: no route
   at System.Net.Http.ConnectHelper.ConnectAsync(String host)
   --- End of inner exception stack trace ---
   at Shop.Client.Get() in /src/Client.cs:line 8)"},
      {"csharp", "from another task", R"(System.TimeoutException: too late
   at Shop.Job.Run() in /src/Job.cs:line 3
--- End of stack trace from previous location ---
   at System.Threading.Tasks.Task.Execute())"},
      {"csharp", "generic",
       R"(fail: System.Collections.Generic.KeyNotFoundException: The given key 'a' was not present in the dictionary.
   at System.Collections.Generic.Dictionary`2.get_Item(TKey key)
   at Shop.<>c__DisplayClass3_0.<Find>b__0(Int32 i))"},
      {"python", "value error", R"(Traceback (most recent call last):
  File "/app/main.py", line 7, in <module>
    main()
  File "/app/main.py", line 3, in main
    int("x")
ValueError: invalid literal for int() with base 10: 'x')"},
      {"python", "during handling", R"(Traceback (most recent call last):
  File "/app/a.py", line 2, in <module>
    {}["k"]
    ~~^^^^^
KeyError: 'k'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/app/a.py", line 4, in <module>
    raise shop.errors.NotFound
shop.errors.NotFound)"},
      {"python", "direct cause, prefixed", R"(ERROR 2023-11-14 Traceback (most recent call last):
  File "a.py", line 1, in f
ZeroDivisionError: division by zero

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "a.py", line 3, in <module>
RuntimeError: no result)"},
      {"python", "recursion", R"(Traceback (most recent call last):
  File "r.py", line 2, in f
    f()
  [Previous line repeated 994 more times]
RecursionError: maximum recursion depth exceeded)"},
      {"python", "group", R"(  + Exception Group Traceback (most recent call last):
  |   File "g.py", line 2, in <module>
  | ExceptionGroup: two (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | ValueError: 1
    +------------------------------------)"},
      {"go", "index", R"(panic: runtime error: index out of range [5] with length 3

goroutine 1 [running]:
main.main()
	/app/main.go:8 +0x1d)"},
      {"go", "nil pointer", R"(panic: runtime error: invalid memory address or nil pointer dereference
[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x47b2c4]

goroutine 18 [running]:
main.(*server).handle(0x0, {0x4b2f78, 0xc0000a6000})
	/app/server.go:31 +0x24
created by main.serve in goroutine 1
	/app/server.go:19 +0x8f)"},
      {"go", "http", R"(2023/11/14 22:13:20 http: panic serving 127.0.0.1:52140: boom
goroutine 34 [running]:
net/http.(*conn).serve.func1()
	/usr/local/go/src/net/http/server.go:1868 +0xb9
panic({0x5f3c40?, 0x6a8b10?})
	/usr/local/go/src/runtime/panic.go:920 +0x270)"},
      {"go", "deadlock", R"(fatal error: all goroutines are asleep - deadlock!

goroutine 1 [chan receive]:
main.main()
	/app/main.go:5 +0x2e

goroutine 6 [select, 3 minutes]:
main.work(...)
	/app/main.go:11
created by main.main
	/app/main.go:4 +0x1a)"},
      {"ruby", "name error", R"(/app/a.rb:3:in `foo': undefined method `bar' for nil:NilClass (NoMethodError)
	from /app/a.rb:7:in `block in run'
	from /app/a.rb:9:in `<main>')"},
      {"ruby", "3.4", R"(/app/b.rb:1:in 'Integer#/': divided by 0 (ZeroDivisionError)
	from /app/b.rb:1:in 'Object#half'
	from /app/b.rb:5:in '<main>')"},
      {"ruby", "rails", R"(ActionController::RoutingError (No route matches [GET] "/x"):
  
app/middleware/x.rb:5:in `call'
app/middleware/y.rb:9:in `call')"},
      {"ruby", "logger", R"(E, [2023-11-14T22:13:20 #1] ERROR -- : KeyError: key not found: "a"
/app/c.rb:2:in `fetch'
/app/c.rb:2:in `<main>')"},
      {"php", "fatal", R"(PHP Fatal error:  Uncaught Exception: boom in /app/x.php:3
Stack trace:
#0 /app/x.php(7): foo()
#1 {main}
  thrown in /app/x.php on line 3)"},
      {"php", "with a date and a next one",
       R"([14-Nov-2023 22:13:20 UTC] PHP Fatal error:  Uncaught PDOException: gone in /app/db.php:9
Stack trace:
#0 /app/db.php(9): PDO->__construct()
#1 {main}

Next RuntimeException: no data in /app/db.php:11
Stack trace:
#0 /app/i.php(2): load()
#1 {main}
  thrown in /app/db.php on line 11)"},
      {"php", "laravel",
       R"([2023-11-14 22:13:20] production.ERROR: boom {"exception":"[object] (RuntimeException(code: 0): boom at /app/a.php:3)
[stacktrace]
#0 /app/b.php(7): A->run()
#1 {main}
"} )"},
      {"php", "as PHP 5 prints it", R"(exception 'RuntimeException' with message 'no stock' in /srv/shop/Basket.php:31
Stack trace:
#0 /srv/shop/Order.php(12): Basket->take('A-17', 2)
#1 /srv/shop/index.php(5): Order->place()
#2 {main})"},
      {"php", "PHP 5, behind a word and with a next one",
       R"(Caught exception 'PDOException' with message 'gone' in /srv/shop/Db.php:9
Stack trace:
#0 {main}

Next exception 'RuntimeException' with message 'no orders' in /srv/shop/Db.php:14
Stack trace:
#0 /srv/shop/index.php(3): Db->orders()
#1 {main})"},
      {"php", "a notice",
       R"([29-Feb-2024 07:00:01 UTC] PHP Notice:  Undefined index: sku in /srv/shop/Basket.php on line 8
Stack trace:
#0 /srv/shop/Basket.php(8): Shop\Errors->handle(8, 'Undefined index')
#1 {main})"},
      {"php", "a warning", R"(PHP Warning:  fopen(/etc/none): failed to open stream in /srv/shop/a.php on line 2
PHP Stack trace:
PHP   1. {main}() /srv/shop/a.php:0
PHP   2. fopen('/etc/none', 'r') /srv/shop/a.php:2)"},
      {"php", "a parse error", R"(PHP Parse error:  syntax error, unexpected '}' in /srv/shop/b.php on line 77
Stack trace:
#0 {main}
  thrown in /srv/shop/b.php on line 77)"},
      {"php", "xdebug", R"(PHP Fatal error:  Uncaught TypeError: f(): Argument #1 must be of type int in /app/t.php:4
PHP Stack trace:
PHP   1. {main}() /app/t.php:0
PHP   2. f($a = 'x') /app/t.php:6)"},
      {"rust", "index", R"(thread 'main' panicked at src/main.rs:4:5:
index out of bounds: the len is 3 but the index is 99
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace)"},
      {"rust", "with a backtrace", R"(thread 'main' panicked at src/main.rs:2:5:
boom
stack backtrace:
   0: rust_begin_unwind
             at /rustc/82e1608/library/std/src/panicking.rs:645:5
   1: core::panicking::panic_fmt
             at /rustc/82e1608/library/core/src/panicking.rs:72:14
   2: shop::main
             at ./src/main.rs:2:5
note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.)"},
      {"rust", "before 1.73",
       R"(thread 'tokio-runtime-worker' panicked at 'called `Result::unwrap()` on an `Err` value: Closed', src/net.rs:17:10
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace)"},
      {"rust", "without a note", R"(thread '<unnamed>' panicked at library/alloc/src/raw_vec.rs:24:5:
capacity overflow
stack backtrace:
   0: std::panicking::begin_panic)"},
      {"dart", "unhandled", R"(Unhandled exception:
FormatException: Invalid radix-10 number (at character 1)
#0      int._handleFormatError (dart:core-patch/integers_patch.dart:126:5)
#1      main (file:///app/a.dart:3:7))"},
      {"dart", "state error", R"(Unhandled exception:
Bad state: No element
#0      List.first (dart:core-patch/growable_array.dart:332:5)
<asynchronous suspension>
#1      main (file:///app/b.dart:2:3))"},
      {"dart", "flutter",
       R"(E/flutter ( 1234): [ERROR:flutter/runtime/dart_vm_initializer.cc(41)] Unhandled Exception: Exception: no network
#0      Api.load (package:shop/api.dart:12:5)
<asynchronous suspension>)"},
      {"dart", "a format with the text", R"(Unhandled exception:
FormatException: Unexpected character (at line 2, character 9)
  "port": eighty,
          ^

#0      _JsonParser.fail (dart:convert-patch/convert_patch.dart:1405:5)
#1      readSettings (package:shop/settings.dart:21:16)
#2      main (file:///srv/shop/bin/shop.dart:8:3))"},
      {"dart", "a wrong type with its place", R"(Unhandled exception:
'package:shop/basket.dart': malformed type: line 12 pos 9: cannot resolve class 'Money' from 'Basket'
        Money total;
        ^


#0      Basket.sum (package:shop/basket.dart:12:9)
#1      main (file:///srv/shop/bin/shop.dart:11:5))"},
      {"dart", "no such method", R"(Unhandled exception:
NoSuchMethodError: The method 'pay' was called on null.
Receiver: null
Tried calling: pay(12)
#0      Object.noSuchMethod (dart:core-patch/object_patch.dart:38:5)
#1      checkout (package:shop/basket.dart:40:14)
<asynchronous suspension>)"},
      {"dart", "another signature", R"(Unhandled exception:
NoSuchMethodError: No static method 'open' declared in class 'Shop'.
Receiver: Type: class 'Shop'
Tried calling: open(1, 2)
Found: open(hour)
#0      main (file:///srv/shop/bin/shop.dart:4:8))"},
      {"dart", "printed", R"(RangeError: Invalid value: Not in inclusive range 0..2: 5
#0      List.[] (dart:core-patch/array.dart:10:36)
#1      main.<anonymous closure> (file:///app/c.dart:4:9))"},
  };
  return all;
}

const std::vector<std::string_view>& ordinary_lines() {
  static const std::vector<std::string_view> all = {
      "",
      " ",
      "}",
      "Hello",
      "PHP Stack trace:",
      "V8 errors stack traces: none",
      "a reply with message 'fine'",
      "    at the station",
      "\tat com.example.Main.main(Main.java:9)",
      "Caused by: a bad cable",
      "GET /error HTTP/1.1 500",
      "ERROR: disk full",
      "An Exception was not thrown",
      "Errors: 0",
      "panic mode off",
      "goroutine 1 [running]:",
      "Stack trace:",
      "#0 /app/x.php(7): foo()",
      "   0: nothing",
      "note: this is a note",
      "thread 'main' started",
      "  File \"a.py\", line 3, in f",
      "Traceback (most recent call last): no",
      "fatal error",
      "Unhandled exceptions: none",
      "... 23 more",
      "function(argument)",
      "2023-11-14 22:13:20 INFO done (ok)",
      "/app/index.js",
      "/app/index.js:",
      "node",
      "from here to there",
      "a.rb:3:in",
      "^",
      "p",
      "E",
      "Ex",
      "U",
      "T",
      "PHP Warning:  Undefined variable $a in /app/x.php on line 3",
      "{\"level\":\"error\",\"msg\":\"x\"}",
  };
  return all;
}

}  // namespace logboom::detect_exceptions_test
