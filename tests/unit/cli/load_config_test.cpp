#include "cli/load_config.hpp"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace logboom {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;

class LoadConfig : public testing::Test {
 protected:
  LoadConfig() {
    std::string pattern = (fs::temp_directory_path() / "logboom.XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    ::setenv("FLUENT_CONF_INCLUDE_DIR", "", 1);
  }
  ~LoadConfig() override {
    ::unsetenv("FLUENT_CONF_INCLUDE_DIR");
    fs::remove_all(folder_);
  }

  void write(const std::string& name, std::string_view text) {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << text;
  }

  /// The sections' names and arguments.
  std::string load(const std::string& name = "fluent.conf") {
    options_.config_path = folder_ / name;
    warnings_.clear();
    ParseOptions parse;
    parse.warn = [this](const SourcePos&, const std::string& message) { warnings_.push_back(message); };
    loaded_ = load_config(options_, parse);
    std::string out;
    for (const Element& child : loaded_.root.children) out += cat(child.name, "(", child.arg, ") ");
    return out;
  }

  fs::path folder_;
  CliOptions options_;
  LoadedConfig loaded_;
  std::vector<std::string> warnings_;
};

TEST_F(LoadConfig, reads_the_file_then_the_inline_text_then_the_folder_sorted) {
  write("fluent.conf",
        cat("<system>\n  config_include_dir ", (folder_ / "more").string(), "\n</system>\n<match a>\n</match>\n"));
  write("more/2.yaml", "config: [{match: {$tag: e}}]");
  write("more/1.conf", "<match d>\n</match>\n");
  write("more/3.yml", "config: [{match: {$tag: f}}]");
  write("more/4.txt", "<match no>\n</match>\n");
  options_.inline_config = "<match c>\n</match>\n";
  EXPECT_EQ(load(), "system() match(a) match(c) match(d) match(e) match(f) ");
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(LoadConfig, the_folder_may_come_from_the_environment_and_one_that_is_named_must_be_there) {
  write("fluent.conf", "<match a>\n</match>\n");
  write("more/1.conf", "<match d>\n</match>\n");
  ::setenv("FLUENT_CONF_INCLUDE_DIR", (folder_ / "more").c_str(), 1);
  EXPECT_EQ(load(), "match(a) match(d) ");
  write("none.conf", "<system>\n  config_include_dir /no/such/folder\n</system>\n");
  EXPECT_EQ(load("none.conf"), "system() ");
  EXPECT_THAT(warnings_, testing::ElementsAre(HasSubstr("config_include_dir: can't read '/no/such/folder'")));
  write("off.conf", "<system>\n  config_include_dir \"\"\n</system>\n");
  EXPECT_EQ(load("off.conf"), "system() ");
}

TEST_F(LoadConfig, the_type_is_for_the_main_file) {
  write("fluent.conf", "config: [{match: {$tag: a}}]");
  options_.config_type = ConfigType::yaml;
  options_.inline_config = "<match b>\n</match>\n";
  EXPECT_EQ(load(), "match(a) match(b) ");
}

TEST_F(LoadConfig, the_command_line_goes_before_the_system_section) {
  write("fluent.conf",
        "<system>\n  workers 1\n  umask 022\n  <log>\n    path a.log\n    rotate_age daily\n  </log>\n</system>\n"
        "<worker 2>\n</worker>\n");
  EXPECT_THROW(load(), ConfigError);
  options_.workers = 3;
  options_.umask = 077;
  options_.log_path = "b.log";
  options_.log_rotation = log_rotation("monthly", std::nullopt);
  load();
  EXPECT_EQ(loaded_.system.settings.workers, 3u);
  EXPECT_EQ(loaded_.system.umask->bits, 077u);
  EXPECT_EQ(loaded_.system.log_path, "b.log");
  EXPECT_EQ(loaded_.system.log_rotation.age, LogRotation::Age::monthly);
}

TEST_F(LoadConfig, without_source_leaves_all_sources_out) {
  write("fluent.conf",
        "<source>\n</source>\n<worker 0>\n  <source>\n  </source>\n  <match a>\n  </match>\n</worker>\n");
  options_.without_source = true;
  EXPECT_EQ(load(), "worker(0) ");
  EXPECT_EQ(loaded_.root.children.at(0).children.at(0).name, "match");
  options_.without_source = false;
  EXPECT_EQ(load(), "source() worker(0) ");
  options_.inline_config = "<system>\n  without_source true\n</system>\n";
  EXPECT_EQ(load(), "worker(0) system() ");
}

TEST_F(LoadConfig, a_sample_is_written_once_and_can_be_loaded) {
  EXPECT_THAT(write_sample_config(folder_ / "etc"), HasSubstr("wrote"));
  EXPECT_EQ(load("etc/fluent.conf"), "source() match(**) ");
  std::ofstream(folder_ / "etc" / "fluent.conf") << "# mine\n";
  EXPECT_THAT(write_sample_config(folder_ / "etc"), HasSubstr("is there already"));
  EXPECT_EQ(load("etc/fluent.conf"), "");
}

}  // namespace
}  // namespace logboom
