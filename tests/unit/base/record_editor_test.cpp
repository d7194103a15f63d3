#include <logboom/record_editor.hpp>

#include <gtest/gtest.h>

#include <functional>

#include "base/record_test_support.hpp"

namespace {

using logboom::OutBuffer;
using logboom::Record;
using logboom::RecordAccessor;
using logboom::RecordEditor;
using logboom::msgpack::Writer;
using logboom::record_test::Json;
using logboom::record_test::to_json;
using logboom::record_test::view;

using Edits = std::function<void(RecordEditor&)>;

std::string edited(const Record& record, const Edits& edits) {
  RecordEditor editor;
  editor.start(record);
  edits(editor);
  OutBuffer out;
  out.append("before");
  editor.write(out);
  const auto* data = reinterpret_cast<const std::uint8_t*>(out.data()) + 6;
  const auto* end = reinterpret_cast<const std::uint8_t*>(out.data()) + out.size();
  EXPECT_EQ(logboom::msgpack::skip(data, end), end) << "not one object";
  return to_json({data, end});
}
std::string edited(std::string_view json, const Edits& edits) { return edited(Json(json).record(), edits); }
std::string renewed(std::string_view json, const Edits& edits) {
  const Json record(json);
  RecordEditor editor;
  editor.start_renewed(record.record());
  edits(editor);
  OutBuffer out;
  editor.write(out);
  return to_json(view(out));
}

TEST(RecordEditor, without_changes_the_record_comes_out_as_it_is) {
  EXPECT_EQ(edited(R"({"a":1,"b":[{"c":2}],"a":3})", [](RecordEditor& e) { EXPECT_FALSE(e.changed()); }),
            R"({"a":1,"b":[{"c":2}],"a":3})");
  EXPECT_EQ(edited("{}", [](RecordEditor&) {}), "{}");
}

TEST(RecordEditor, a_known_key_keeps_its_place_and_a_new_one_comes_behind) {
  const auto edits = [](RecordEditor& e) {
    e.set("new", "x");
    e.set("b", [](Writer& w) { w.integer(-70000); });
    e.set("newer", [](Writer& w) { w.nil(); });
    EXPECT_TRUE(e.changed());
  };
  EXPECT_EQ(edited(R"({"a":1,"b":2,"c":3})", edits), R"({"a":1,"b":-70000,"c":3,"new":"x","newer":null})");
  EXPECT_EQ(edited("{}", edits), R"({"new":"x","b":-70000,"newer":null})");
}

TEST(RecordEditor, the_last_value_counts_when_a_key_is_set_twice) {
  EXPECT_EQ(edited(R"({"a":1})",
                   [](RecordEditor& e) {
                     e.set("b", "x");
                     e.set("b", "longer than x");
                     e.set("a", "2");
                   }),
            R"({"a":"2","b":"longer than x"})");
}

TEST(RecordEditor, removes_every_pair_of_a_key) {
  EXPECT_EQ(edited(R"({"a":1,"b":2,"a":3,"c":4})", [](RecordEditor& e) { e.remove("a"); }), R"({"b":2,"c":4})");
  EXPECT_EQ(edited(R"({"a":1})", [](RecordEditor& e) { e.remove("b"); }), R"({"a":1})");
}

TEST(RecordEditor, a_duplicate_key_that_is_set_stands_once_at_its_first_place) {
  EXPECT_EQ(edited(R"({"a":1,"b":2,"a":3,"b":4})", [](RecordEditor& e) { e.set("a", "x"); }),
            R"({"a":"x","b":2,"b":4})");
}

TEST(RecordEditor, a_removed_key_that_is_set_again_comes_behind) {
  const auto edits = [](RecordEditor& e) {
    e.remove("a");
    e.set("n", "1");
    e.set("a", "x");
  };
  EXPECT_EQ(edited(R"({"a":1,"b":2})", edits), R"({"b":2,"n":"1","a":"x"})");
  EXPECT_EQ(edited(R"({"a":1,"b":2})",
                   [](RecordEditor& e) {
                     e.set("a", "x");
                     e.remove("a");
                   }),
            R"({"b":2})");
}

TEST(RecordEditor, a_renewed_record_has_what_was_kept_and_set) {
  const auto edits = [](RecordEditor& e) {
    e.keep("c");
    e.keep("a");
    e.keep("none");
    e.set("b", "new");
  };
  EXPECT_EQ(renewed(R"({"a":1,"b":2,"c":3})", edits), R"({"a":1,"c":3,"b":"new"})");
  EXPECT_EQ(renewed(R"({"a":1})", [](RecordEditor&) {}), "{}");
  EXPECT_EQ(renewed(R"({"a":1,"a":2})", [](RecordEditor& e) { e.keep("a"); }), R"({"a":1,"a":2})");
}

TEST(RecordEditor, keys_that_are_no_strings_survive) {
  OutBuffer bytes;
  Writer writer(bytes);
  writer.map(4);
  writer.integer(7);
  writer.string("seven");
  writer.nil();
  writer.event_time(1, 2);
  writer.binary("bin");
  writer.binary("\xff\x00");
  writer.array(1);
  writer.map(0);
  writer.map(0);
  const Record record(view(bytes));
  EXPECT_EQ(edited(record, [](RecordEditor& e) { e.set("7", "text"); }),
            "{\"7\":\"seven\",\"\":1.000000002,\"bin\":\"\xef\xbf\xbd\",\"[{}]\":{},\"7\":\"text\"}");
  EXPECT_EQ(edited(record, [](RecordEditor& e) { e.remove("bin"); }), R"({"7":"seven","":1.000000002,"[{}]":{}})");
}

TEST(RecordEditor, the_header_grows_and_shrinks_with_the_pairs) {
  for (const unsigned pairs : {0U, 13U, 14U, 15U, 16U, 17U, 65535U, 65536U}) {
    OutBuffer bytes;
    Writer writer(bytes);
    writer.map(pairs);
    for (unsigned i = 0; i < pairs; ++i) {
      writer.string(std::to_string(i));
      writer.integer(i);
    }
    const auto count = [&](const Edits& edits) {
      RecordEditor editor;
      editor.start(Record(view(bytes)));
      edits(editor);
      OutBuffer out;
      editor.write(out);
      OutBuffer head;
      Writer(head).map(view(out).count());
      EXPECT_TRUE(out.text().starts_with(head.text())) << "the header is not the shortest";
      const auto* end = reinterpret_cast<const std::uint8_t*>(out.data()) + out.size();
      EXPECT_EQ(logboom::msgpack::skip(view(out).begin(), end), end);
      return view(out).count();
    };
    EXPECT_EQ(count([](RecordEditor& e) { e.set("new", "1"), e.set("newer", "2"); }), pairs + 2);
    EXPECT_EQ(count([](RecordEditor& e) { e.set("0", "1"), e.set("1", "2"); }), pairs < 2 ? 2 : pairs);
    EXPECT_EQ(count([](RecordEditor& e) { e.remove("0"); }), pairs == 0 ? 0 : pairs - 1);
  }
}

TEST(RecordEditor, sets_and_removes_nested_values) {
  const Json five("5");
  const auto set = [&](std::string_view record, std::string_view path) {
    const RecordAccessor accessor = RecordAccessor::compile(path);
    return edited(record, [&](RecordEditor& e) { e.set(accessor, five.value()); });
  };
  EXPECT_EQ(set(R"({"a":{"b":{"c":1,"d":2}},"e":3})", "$.a.b.c"), R"({"a":{"b":{"c":5,"d":2}},"e":3})");
  EXPECT_EQ(set(R"({"a":{"b":{"c":1}}})", "$.a.b.new"), R"({"a":{"b":{"c":1,"new":5}}})");
  EXPECT_EQ(set(R"({"a":[1,[2,3]]})", "$.a[1][-1]"), R"({"a":[1,[2,5]]})");
  EXPECT_EQ(set(R"({"a":[1]})", "$.a[1]"), R"({"a":[1]})");
  EXPECT_EQ(set(R"({"a":1})", "$.a.b"), R"({"a":1})");
  EXPECT_EQ(set(R"({"a":1})", "$.b.c"), R"({"a":1})");
  EXPECT_EQ(set(R"({"a":1})", "$.b"), R"({"a":1,"b":5})");

  const auto remove = [&](std::string_view record, std::string_view path) {
    const RecordAccessor accessor = RecordAccessor::compile(path);
    return edited(record, [&](RecordEditor& e) { e.remove(accessor); });
  };
  EXPECT_EQ(remove(R"({"a":{"b":{"c":1,"d":2}},"e":3})", "$.a.b.c"), R"({"a":{"b":{"d":2}},"e":3})");
  EXPECT_EQ(remove(R"({"a":{"c":1,"d":2,"c":3}})", "$.a.c"), R"({"a":{"d":2}})");
  EXPECT_EQ(remove(R"({"a":[1,2,{"b":3}]})", "$.a[0]"), R"({"a":[2,{"b":3}]})");
  EXPECT_EQ(remove(R"({"a":[1,2,{"b":3}]})", "$.a[-1].b"), R"({"a":[1,2,{}]})");
  EXPECT_EQ(remove(R"({"a":[1,2]})", "$.a[2]"), R"({"a":[1,2]})");
  EXPECT_EQ(remove(R"({"a":[1,2]})", "$.x.y"), R"({"a":[1,2]})");
}

TEST(RecordEditor, nested_changes_see_those_before_them) {
  const Json map(R"({"x":1,"y":2})");
  const RecordAccessor ka = RecordAccessor::compile("$.k.a");
  const RecordAccessor kb = RecordAccessor::compile("$.k.b");
  const RecordAccessor kbx = RecordAccessor::compile("$.k.b.x");
  const RecordAccessor my = RecordAccessor::compile("$.m.y");
  EXPECT_EQ(edited(R"({"k":{"a":1,"b":2,"c":3}})",
                   [&](RecordEditor& e) {
                     e.remove(ka);
                     e.set(kb, map.value());
                     e.remove(kbx);
                     e.set("m", map.value());
                     e.remove(my);
                     e.set("copy", e.find(kb));
                     e.set("long", std::string(100'000, 'x'));
                     e.remove("long");
                     EXPECT_EQ(to_json(e.find("m")), R"({"x":1})");
                     EXPECT_EQ(to_json(e.find("long")), "nothing");
                   }),
            R"({"k":{"b":{"y":2},"c":3},"m":{"x":1},"copy":{"y":2}})");
}

TEST(RecordEditor, begins_afresh_with_each_record) {
  const Json first(R"({"a":1})");
  const Json second(R"({"b":2})");
  RecordEditor editor;
  OutBuffer out;
  editor.start(first.record());
  editor.set("x", "1");
  editor.write(out);
  out.clear();
  editor.start(second.record());
  editor.set("y", "2");
  editor.write(out);
  EXPECT_EQ(to_json(view(out)), R"({"b":2,"y":"2"})");
}

TEST(RecordEditor, many_changes_of_one_record_are_what_few_are) {
  constexpr int keys = 100;
  std::vector<std::string> names;
  for (int i = 0; i < keys; ++i) names.push_back("k" + std::to_string(i));
  const Json record(R"({"k7":0,"other":1,"k50":0,"k7":2})");
  RecordEditor editor;
  for (int round = 0; round < 2; ++round) {
    editor.start(record.record());
    for (const std::string& name : names) editor.set(name, name);
    for (int i = 0; i < keys; i += 2) editor.remove(names[static_cast<std::size_t>(i)]);
    editor.set(names[50], "again");
    for (int i = 1; i < keys; i += 2) {
      if (i != 7 && i != 99) editor.remove(names[static_cast<std::size_t>(i)]);
    }
    EXPECT_EQ(to_json(editor.find("k50")), R"("again")");
    EXPECT_EQ(to_json(editor.find("k8")), "nothing");
    OutBuffer out;
    editor.write(out);
    EXPECT_EQ(to_json(view(out)), R"({"k7":"k7","other":1,"k99":"k99","k50":"again"})");
  }
}

}  // namespace
