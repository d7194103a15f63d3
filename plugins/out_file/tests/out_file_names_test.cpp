#include <unistd.h>

#include "out_file_test_support.hpp"

namespace logboom::test {
namespace {

class OutFileNames : public OutFileFixture {};

TEST_F(OutFileNames, without_append_a_slice_has_the_first_free_number_while_the_process_lives) {
  make("app");
  write_fine({batch_of("t", 1, 1, noon)});
  write_fine({batch_of("t", 2, 1, noon)});
  make("app");
  write_fine({batch_of("t", 3, 1, noon), batch_of("t", 4, 1, noon + 86400)});
  EXPECT_EQ(
      files(),
      (Files{{"app.20231114_0.log", "t 1\nt 2\n"}, {"app.20231114_1.log", "t 3\n"}, {"app.20231115_0.log", "t 4\n"}}));
}

TEST_F(OutFileNames, with_append_there_is_no_number) {
  make("app", "append true");
  write_fine({batch_of("t", 1, 1, noon)});
  make("app", "append true");
  write_fine({batch_of("t", 2, 1, noon)});
  EXPECT_EQ(files(), (Files{{"app.20231114.log", "t 1\nt 2\n"}}));
}

TEST_F(OutFileNames, the_slice_is_as_fine_as_the_timekey) {
  make("h", "append true\n<buffer time>\ntimekey 1h\n</buffer>");
  write_fine({batch_of("t", 1, 1, noon), batch_of("t", 2, 1, noon + 3600), batch_of("t", 3, 1, noon)});
  make("m", "append true\n<buffer time>\ntimekey 60\n</buffer>");
  write_fine({batch_of("t", 4, 1, noon)});
  make("s", "append true\n<buffer time>\ntimekey 10\n</buffer>");
  write_fine({batch_of("t", 5, 1, noon + 5)});
  make("none", "append true\n<buffer []>\n</buffer>");
  write_fine({batch_of("t", 6, 1, noon)});
  make("own", "append true\ntime_slice_format %Y-%j");
  write_fine({batch_of("t", 7, 1, noon)});
  EXPECT_EQ(files(), (Files{{"h.2023111422.log", "t 1\nt 3\n"},
                            {"h.2023111423.log", "t 2\n"},
                            {"m.202311142213.log", "t 4\n"},
                            {"s.20231114221320.log", "t 5\n"},
                            {"none.log", "t 6\n"},
                            {"own.2023-318.log", "t 7\n"}}));
}

TEST_F(OutFileNames, a_star_or_the_paths_own_conversions_are_the_slice) {
  make("a.*.txt", "append true");
  write_fine({batch_of("t", 1, 1, noon)});
  make("n.*.txt");
  write_fine({batch_of("t", 2, 1, noon)});
  make("%Y/%m/%d/${tag[1]}-${tag[-1]}", "append true");
  write_fine({batch_of("x.web", 3, 1, noon), batch_of("x.db", 4, 1, noon), batch_of("y.web", 5, 1, noon)});
  EXPECT_EQ(files(), (Files{{"a.20231114.txt", "t 1\n"},
                            {"n.20231114_0.txt", "t 2\n"},
                            {"2023/11/14/web-web.log", "x.web 3\ny.web 5\n"},
                            {"2023/11/14/db-db.log", "x.db 4\n"}}));
}

TEST_F(OutFileNames, the_zone_is_that_of_the_buffer_section) {
  make("a", "append true\n<buffer time>\ntimekey 1d\ntimekey_zone +09:00\n</buffer>");
  write_fine({batch_of("t", 1, 1, noon)});
  EXPECT_EQ(files(), (Files{{"a.20231115.log", "t 1\n"}}));
}

TEST_F(OutFileNames, suffixes_can_be_changed_and_left_out) {
  make("a", "append true\npath_suffix .txt\n<buffer []>\n</buffer>");
  write_fine({batch_of("t", 1, 1)});
  make("b", "append true\nadd_path_suffix false\n<buffer []>\n</buffer>");
  write_fine({batch_of("t", 2, 1)});
  EXPECT_EQ(files(), (Files{{"a.txt", "t 1\n"}, {"b", "t 2\n"}}));
}

TEST_F(OutFileNames, a_tag_that_would_climb_out_is_dropped_and_the_others_are_not) {
  make("in/${tag}", "append true\n<buffer tag>\n</buffer>");
  const WriteResult result = write({batch_of("../evil", 1, 2), batch_of("good", 3, 1), batch_of("/etc/evil", 4, 1)});
  EXPECT_EQ(result.status, WriteResult::Status::done);
  EXPECT_EQ(result.invalid_events, 3u);
  for (const std::uint64_t place : {0u, 1u, 3u}) EXPECT_TRUE(result.invalid.contains(place));
  EXPECT_FALSE(result.invalid.contains(2));
  EXPECT_NE(result.reason.find("evil"), std::string::npos);
  EXPECT_EQ(files(), (Files{{"in/good.log", "good 3\n"}}));
}

TEST_F(OutFileNames, fields_that_are_chunk_keys_have_files_of_their_own_and_none_climbs_out) {
  make("in/${$.kubernetes.ns}-${user}", "append true\n<buffer $.kubernetes.ns, user>\n</buffer>");
  const auto write_of = [&](std::string ns, std::string user, std::int64_t n) {
    Chunk chunk = chunk_of({batch_of("t", n, 1)});
    chunk.fields = {{"$.kubernetes.ns", std::move(ns)}, {"user", std::move(user)}};
    return output->write(chunk);
  };
  EXPECT_EQ(write_of("web", "ann", 1).invalid_events, 0u);
  EXPECT_EQ(write_of("web", "bob", 2).invalid_events, 0u);
  EXPECT_EQ(write_of("web", "ann", 3).invalid_events, 0u);
  EXPECT_EQ(write_of("", "", 4).invalid_events, 0u);
  const WriteResult evil = write_of("../../evil", "ann", 5);
  EXPECT_EQ(evil.invalid_events, 1u);
  EXPECT_TRUE(evil.invalid.contains(0)) << "for the dead letters";
  EXPECT_EQ(write_of("/etc", "ann", 6).invalid_events, 1u);
  EXPECT_EQ(files(), (Files{{"in/web-ann.log", "t 1\nt 3\n"}, {"in/web-bob.log", "t 2\n"}, {"in/-.log", "t 4\n"}}));
}

TEST_F(OutFileNames, a_tag_that_can_not_be_a_file_is_dropped_and_the_others_are_not) {
  make("${tag}", "append true\nadd_path_suffix false\n<buffer tag>\n</buffer>");
  write_fine({batch_of("file", 1, 1), batch_of("dir/x", 2, 1)});
  const WriteResult result = write(
      {batch_of("file/x", 3, 1), batch_of("dir", 4, 1), batch_of(std::string(300, 'x'), 5, 1), batch_of("good", 6, 1)});
  EXPECT_EQ(result.status, WriteResult::Status::done);
  EXPECT_EQ(result.invalid_events, 3u);
  EXPECT_EQ(files(), (Files{{"file", "file 1\n"}, {"dir/x", "dir/x 2\n"}, {"good", "good 6\n"}}));
}

TEST_F(OutFileNames, permissions_are_the_outputs_or_the_systems) {
  const mode_t before = ::umask(022);
  system.file_permission = FileMode{0640};
  system.dir_permission = FileMode{0750};
  make("d/a", "append true\n<buffer []>\n</buffer>");
  write_fine({batch_of("t", 1, 1)});
  make("e/a", "append true\nfile_permission 0600\ndir_permission 0700\n<buffer []>\n</buffer>");
  write_fine({batch_of("t", 1, 1)});
  ::umask(before);
  const auto mode = [this](const char* name) {
    return static_cast<unsigned>(std::filesystem::status(root / name).permissions());
  };
  EXPECT_EQ(mode("d"), 0750u);
  EXPECT_EQ(mode("d/a.log"), 0640u);
  EXPECT_EQ(mode("e"), 0700u);
  EXPECT_EQ(mode("e/a.log"), 0600u);
}

TEST_F(OutFileNames, a_link_leads_to_the_newest_slice) {
  make("logs/a", "append true\nsymlink_path " + (root / "links/now").string());
  write_fine({batch_of("t", 1, 1, noon), batch_of("t", 2, 1, noon - 86400)});
  EXPECT_EQ(std::filesystem::read_symlink(root / "links/now"), root / "logs/a.20231114.log");
  make("logs/a", "append true\nsymlink_path_use_relative true\nsymlink_path " + (root / "links/now").string());
  write_fine({batch_of("t", 3, 1, noon)});
  EXPECT_EQ(std::filesystem::read_symlink(root / "links/now"), "../logs/a.20231114.log");
}

TEST_F(OutFileNames, what_does_not_fit_together_is_an_error_with_its_place) {
  EXPECT_NE(error("a.*", "<buffer []>\n</buffer>").find("test.conf:4:6: path: '*' in the path"), std::string::npos);
  EXPECT_NE(error("%Y", "<buffer tag>\n</buffer>").find("test.conf:4:6: path: the path has conversions"),
            std::string::npos);
  EXPECT_NE(error("%Y/%m").find("not %d"), std::string::npos);
  EXPECT_NE(error("${container}").find("path: ${container} is the value of a record field"), std::string::npos);
  EXPECT_EQ(error("${container}", "<buffer container>\n</buffer>"), "");
  EXPECT_NE(error("a", "compress brotli"), "");
  EXPECT_NE(error("a", "timezone Nowhere").find("timezone"), std::string::npos);
  TestContext no_path("@type file");
  EXPECT_THROW(make_output<ChunkOutput>(plugins::out_file(), no_path), ConfigError);
}

TEST_F(OutFileNames, lines_come_within_a_second_unless_files_are_numbered_or_compressed_on_purpose) {
  make("a");
  EXPECT_EQ(output->buffer_defaults().flush_interval, 1s);
  EXPECT_FALSE(output->waits_for_slice());
  make("a", "append true");
  EXPECT_FALSE(output->waits_for_slice());
  make("a", "append false");
  EXPECT_TRUE(output->waits_for_slice());
  make("a", "compress gzip");
  EXPECT_TRUE(output->waits_for_slice());
  EXPECT_EQ(context->format.type, "out_file");
  EXPECT_NE(context->format.element->find("utc"), nullptr) << "the lines have the outputs zone";
}

}  // namespace
}  // namespace logboom::test
