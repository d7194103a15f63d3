#include <logboom/regexp.hpp>

#include <oniguruma.h>

#include <algorithm>
#include <limits>
#include <mutex>
#include <new>
#include <stdexcept>
#include <utility>

#include <logboom/metrics.hpp>

namespace logboom {
namespace {

// Stands for each byte that is not valid UTF-8: one byte long, so that offsets stay those of the subject.
constexpr char invalid_byte_stand_in = '\x1a';

const OnigUChar* bytes(const char* p) { return reinterpret_cast<const OnigUChar*>(p); }

void initialize_library() {
  static std::once_flag once;
  std::call_once(once, [] {
    OnigEncoding encodings[] = {ONIG_ENCODING_UTF8};
    onig_initialize(encodings, 1);
  });
}

// Length of the UTF-8 sequence (RFC 3629) at the start of `text`, 0 if there is none. Oniguruma's own check lets 0xFF,
// overlong forms and surrogates pass.
std::size_t sequence_length(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = at(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
  if (length == 0 || text.size() < length) return 0;
  const unsigned char low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const unsigned char high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  if (at(1) < low || at(1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (at(i) < 0x80 || at(i) > 0xbf) return 0;
  }
  return length;
}

bool is_valid_utf8(std::string_view text) {
  // A plain loop over ASCII, which the compiler vectorizes, spares most subjects the check.
  unsigned char seen = 0;
  for (const char c : text) seen = static_cast<unsigned char>(seen | static_cast<unsigned char>(c));
  if (seen < 0x80) return true;
  while (!text.empty()) {
    const std::size_t n = sequence_length(text);
    if (n == 0) return false;
    text.remove_prefix(n);
  }
  return true;
}

void copy_with_stand_ins(std::string_view text, std::string& out) {
  out.assign(text);
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t n = sequence_length(text.substr(i));
    if (n == 0) out[i] = invalid_byte_stand_in;
    i += std::max<std::size_t>(n, 1);
  }
}

std::string describe(int code, OnigErrorInfo& info, std::string_view pattern) {
  OnigUChar buffer[ONIG_MAX_ERROR_MESSAGE_LEN];
  const int length = onig_error_code_to_str(buffer, code, &info);
  std::string message(reinterpret_cast<const char*>(buffer), static_cast<std::size_t>(std::max(length, 0)));
  const OnigUChar* begin = bytes(pattern.data());
  if (info.par != nullptr && info.par >= begin && info.par <= begin + pattern.size()) {
    message += " at byte " + std::to_string(info.par - begin);
  }
  return "invalid regexp /" + std::string(pattern) + "/: " + message;
}

OnigOptionType to_onig(Regexp::Flags flags) {
  OnigOptionType options = ONIG_OPTION_WORD_IS_ASCII | ONIG_OPTION_DIGIT_IS_ASCII | ONIG_OPTION_SPACE_IS_ASCII;
  if (flags.ignore_case) options |= ONIG_OPTION_IGNORECASE;
  if (flags.multiline) options |= ONIG_OPTION_MULTILINE;
  if (flags.extended) options |= ONIG_OPTION_EXTEND;
  return options;
}

struct FreeRegex {
  void operator()(regex_t* p) const { onig_free(p); }
};
struct FreeRegion {
  void operator()(OnigRegion* p) const { onig_region_free(p, 1); }
};
struct FreeParam {
  void operator()(OnigMatchParam* p) const { onig_free_match_param(p); }
};

}  // namespace

struct MatchRegion::Impl {
  std::unique_ptr<OnigRegion, FreeRegion> region{onig_region_new()};
  // The library writes to it during a search, so it can't live in the shared Regexp.
  std::unique_ptr<OnigMatchParam, FreeParam> param{onig_new_match_param()};
  std::string_view subject;
  std::string cleaned;
  bool is_clean = true;
  bool matched = false;
};

MatchRegion::MatchRegion() : impl_(std::make_unique<Impl>()) {
  if (!impl_->region || !impl_->param) throw std::bad_alloc();
}
MatchRegion::~MatchRegion() = default;
MatchRegion::MatchRegion(MatchRegion&&) noexcept = default;
MatchRegion& MatchRegion::operator=(MatchRegion&&) noexcept = default;

std::size_t MatchRegion::size() const { return impl_->matched ? static_cast<std::size_t>(impl_->region->num_regs) : 0; }

std::optional<std::size_t> MatchRegion::begin(std::size_t index) const {
  if (index >= size() || impl_->region->beg[index] < 0) return std::nullopt;
  return static_cast<std::size_t>(impl_->region->beg[index]);
}

std::optional<std::string_view> MatchRegion::group(std::size_t index) const {
  const auto start = begin(index);
  if (!start) return std::nullopt;
  return impl_->subject.substr(*start, static_cast<std::size_t>(impl_->region->end[index]) - *start);
}

namespace {
thread_local RegexpCounting* innermost = nullptr;
}  // namespace

RegexpCounting::RegexpCounting(Get get) : get_(std::move(get)), outer_(std::exchange(innermost, this)) {}
RegexpCounting::~RegexpCounting() { innermost = outer_; }
std::shared_ptr<Counter> RegexpCounting::current() { return innermost != nullptr ? innermost->get_() : nullptr; }

struct Regexp::Impl {
  std::string pattern;
  RegexpLimits limits;
  std::shared_ptr<Counter> given_up = RegexpCounting::current();
  std::unique_ptr<regex_t, FreeRegex> regex;
  std::vector<NamedGroup> groups;

  static int add_group(const OnigUChar* name, const OnigUChar* end, int count, int* numbers, OnigRegex, void* arg) {
    NamedGroup group{std::string(reinterpret_cast<const char*>(name), static_cast<std::size_t>(end - name)), {}};
    for (int i = 0; i < count; ++i) group.numbers.push_back(static_cast<std::size_t>(numbers[i]));
    static_cast<Impl*>(arg)->groups.push_back(std::move(group));
    return 0;
  }

  /// Finds a match that begins at a place from `first` up to `last`.
  int search(std::string_view subject, std::size_t first, std::size_t last, OnigRegion* region,
             OnigMatchParam* param) const {
    const OnigUChar* begin = bytes(subject.data());
    return onig_search_with_param(regex.get(), begin, begin + subject.size(), begin + first, begin + last, region,
                                  ONIG_OPTION_NONE, param);
  }

  /// The same from `first` on, by some places at a time: fewer where many retries are needed, so that the time can be
  /// looked at now and then.
  int search_in_pieces(std::string_view subject, std::size_t first, OnigRegion* region, OnigMatchParam* param) const {
    const auto deadline = std::chrono::steady_clock::now() + limits.duration;
    constexpr std::size_t fewest = 16;
    std::size_t step = 1024;
    for (;;) {
      std::size_t last = std::min(first + step, subject.size());
      while (last < subject.size() && (static_cast<unsigned char>(subject[last]) & 0xc0) == 0x80) ++last;
      const unsigned long retries =
          step > fewest ? affordable_retries(subject.size(), 50'000'000) : limits.retries_in_search;
      onig_set_retry_limit_in_search_of_match_param(param, std::min(retries, limits.retries_in_search));
      const int result = search(subject, first, last, region, param);
      if (result == ONIGERR_RETRY_LIMIT_IN_SEARCH_OVER && step > fewest) {
        step /= 2;
      } else if (result != ONIG_MISMATCH || last == subject.size()) {
        return result;
      } else {
        first = last;
        step += step / 4;
      }
      if (std::chrono::steady_clock::now() > deadline) return ONIGERR_RETRY_LIMIT_IN_SEARCH_OVER;
    }
  }

  SearchResult give_up() const {
    if (given_up) given_up->add();
    return SearchResult::limit_exceeded;
  }

  /// A retry takes little time where it goes on with what is at hand, and as much as the subject is long where it
  /// begins at another place and looks through all that follows: how many there may be so that no more than `bytes`
  /// are looked at.
  static unsigned long affordable_retries(std::size_t subject, unsigned long bytes) {
    return std::max(bytes / (subject + 1), 100UL);
  }
};

Regexp::Regexp(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

Regexp Regexp::compile(std::string_view pattern, Flags flags) { return compile(pattern, flags, RegexpLimits{}); }

Regexp Regexp::compile(std::string_view pattern, Flags flags, RegexpLimits limits) {
  initialize_library();
  auto impl = std::make_shared<Impl>();
  impl->pattern = pattern;
  impl->limits = limits;
  const std::string_view text = impl->pattern;
  if (!is_valid_utf8(text)) throw std::invalid_argument("invalid regexp: the pattern is not valid UTF-8");
  regex_t* regex = nullptr;
  OnigErrorInfo info{};
  const int code = onig_new(&regex, bytes(text.data()), bytes(text.data() + text.size()), to_onig(flags),
                            ONIG_ENCODING_UTF8, ONIG_SYNTAX_RUBY, &info);
  if (code != ONIG_NORMAL) throw std::invalid_argument(describe(code, info, text));
  impl->regex.reset(regex);
  onig_foreach_name(regex, &Impl::add_group, impl.get());
  std::sort(impl->groups.begin(), impl->groups.end(),
            [](const NamedGroup& a, const NamedGroup& b) { return a.numbers < b.numbers; });
  return Regexp(std::move(impl));
}

SearchResult Regexp::search(std::string_view subject, MatchRegion& region) const { return search(subject, region, 0); }

SearchResult Regexp::search(std::string_view subject, MatchRegion& region, std::size_t from) const {
  MatchRegion::Impl& state = *region.impl_;
  const bool known = from > 0 && state.subject.data() == subject.data() && state.subject.size() == subject.size();
  state.subject = subject;
  state.matched = false;
  if (from > subject.size()) return SearchResult::no_match;
  if (subject.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) return impl_->give_up();
  if (!known) {
    state.is_clean = is_valid_utf8(subject);
    if (!state.is_clean) copy_with_stand_ins(subject, state.cleaned);
  }
  if (!state.is_clean) subject = state.cleaned;
  if (subject.data() == nullptr) subject = std::string_view("", 0);
  OnigMatchParam* param = state.param.get();
  onig_set_retry_limit_in_match_of_match_param(param, impl_->limits.retries_in_match);
  onig_set_match_stack_limit_size_of_match_param(param, impl_->limits.stack_entries);
  const unsigned long affordable = Impl::affordable_retries(subject.size(), 200'000'000);
  onig_set_retry_limit_in_search_of_match_param(param, std::min(affordable, impl_->limits.retries_in_search));
  int result = impl_->search(subject, from, subject.size(), state.region.get(), param);
  if (result == ONIGERR_RETRY_LIMIT_IN_SEARCH_OVER && affordable < impl_->limits.retries_in_search) {
    result = impl_->search_in_pieces(subject, from, state.region.get(), param);
  }
  if (result == ONIG_MISMATCH) return SearchResult::no_match;
  // Every other negative result is one of the limits or exhausted memory.
  if (result < 0) return impl_->give_up();
  state.matched = true;
  return SearchResult::match;
}

const std::vector<Regexp::NamedGroup>& Regexp::named_groups() const { return impl_->groups; }

std::optional<std::string_view> Regexp::group(const MatchRegion& region, std::string_view name) const {
  for (const NamedGroup& candidate : impl_->groups) {
    if (candidate.name != name) continue;
    for (auto number = candidate.numbers.rbegin(); number != candidate.numbers.rend(); ++number) {
      if (auto text = region.group(*number)) return text;
    }
  }
  return std::nullopt;
}

const std::string& Regexp::pattern() const { return impl_->pattern; }

}  // namespace logboom
