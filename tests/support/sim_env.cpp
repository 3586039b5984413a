#include "support/sim_env.hpp"

#include <algorithm>
#include <cstring>

namespace varve::test {
namespace {

constexpr size_t kSector = 512;

std::string parent(const std::string &path) {
    return path.substr(0, path.rfind('/'));
}

class SimMapping final : public MappedFile {
  public:
    explicit SimMapping(std::string content) : content_(std::move(content)) {}
    std::span<const char> bytes() const override { return content_; }

  private:
    std::string content_;
};

}  // namespace

class SimFile final : public File {
  public:
    SimFile(SimEnv &env, std::shared_ptr<SimEnv::Node> node, std::string path)
        : env_(env), node_(std::move(node)), path_(std::move(path)), life_(env.life_) {}

    Result<uint64_t> read_at(uint64_t offset, void *out, uint64_t size) override {
        std::lock_guard lock(env_.mutex_);
        if (life_ != env_.life_ || env_.dead_) return env_.status_of(Fault::io_error, path_);
        const std::string &bytes = node_->written;
        const uint64_t left = offset < bytes.size() ? bytes.size() - offset : 0;
        const uint64_t count = std::min(size, left);
        if (count != 0) std::memcpy(out, bytes.data() + offset, count);
        return count;
    }

    Status write_at(uint64_t offset, std::span<const varve_bytes> parts) override {
        std::lock_guard lock(env_.mutex_);
        std::string bytes;
        for (const varve_bytes &part : parts) {
            bytes.append(static_cast<const char *>(part.data), part.size);
        }
        const Fault fault = strike();
        // A failing write may have written a part.
        if (fault != Fault::none) bytes.resize(fault == Fault::io_error ? 0 : bytes.size() / 2);
        if (life_ == env_.life_ && !(env_.dead_ && fault != Fault::power)) {
            if (node_->written.size() < offset + bytes.size()) {
                node_->written.resize(offset + bytes.size());
            }
            node_->written.replace(offset, bytes.size(), bytes);
        }
        return env_.status_of(fault, path_);
    }

    Status sync() override {
        std::lock_guard lock(env_.mutex_);
        const Fault fault = strike();
        if (fault == Fault::none) node_->synced = node_->written;
        // After a failed sync the pages are clean and lost, as on Linux.
        if (fault == Fault::sync_fails) node_->written = node_->synced;
        return env_.status_of(fault, path_);
    }

    Status truncate(uint64_t size) override { return resize(size); }
    Status allocate(uint64_t size) override {
        return resize(std::max<uint64_t>(size, node_->written.size()));
    }
    Result<uint64_t> size() override {
        std::lock_guard lock(env_.mutex_);
        return static_cast<uint64_t>(node_->written.size());
    }
    Result<std::unique_ptr<MappedFile>> map(uint64_t size) override {
        std::lock_guard lock(env_.mutex_);
        return std::unique_ptr<MappedFile>(
            std::make_unique<SimMapping>(node_->written.substr(0, size)));
    }

  private:
    Fault strike() { return life_ == env_.life_ ? env_.strike() : Fault::io_error; }
    Status resize(uint64_t size) {
        std::lock_guard lock(env_.mutex_);
        const Fault fault = strike();
        if (fault == Fault::none) node_->written.resize(size);
        return env_.status_of(fault, path_);
    }

    SimEnv &env_;
    std::shared_ptr<SimEnv::Node> node_;
    std::string path_;
    uint64_t life_;
};

Fault SimEnv::strike() {
    ++operations_;
    if (dead_) return Fault::io_error;
    if (fault_at_ == 0 || operations_ != fault_at_) return Fault::none;
    dead_ = fault_ == Fault::power;
    return fault_;
}

Status SimEnv::status_of(Fault fault, const std::string &path) {
    switch (fault) {
        case Fault::none:
            return {};
        case Fault::no_space:
        case Fault::short_write:
            return {Code::resource_exhausted, "write " + path + ": No space left on device"};
        default:
            return {Code::io_error, path + ": Input/output error"};
    }
}

void SimEnv::fail_at(uint64_t operation, Fault fault) {
    std::lock_guard lock(mutex_);
    fault_at_ = operation == 0 ? 0 : operations_ + operation;
    fault_ = fault;
}

uint64_t SimEnv::operations() const {
    std::lock_guard lock(mutex_);
    return operations_;
}

void SimEnv::reboot() {
    std::lock_guard lock(mutex_);
    ++life_;
    dead_ = false;
    fault_at_ = 0;
    // A name that was not synced may be there or not.
    Names after = durable_names_;
    for (const auto &[path, node] : names_) {
        if (random_() % 2 == 0) after[path] = node;
    }
    for (const auto &[path, node] : durable_names_) {
        if (names_.count(path) == 0 && random_() % 2 == 0) after.erase(path);
    }
    for (auto &[path, node] : after) {
        std::string bytes = node->synced;
        if (random_() % 2 == 0) bytes.resize(std::max(bytes.size(), node->written.size()));
        for (size_t at = 0; at < std::min(bytes.size(), node->written.size()); at += kSector) {
            if (random_() % 2 == 0) continue;
            const size_t size = std::min({kSector, bytes.size() - at, node->written.size() - at});
            bytes.replace(at, size, node->written, at, size);
        }
        node = std::make_shared<Node>(Node{bytes, bytes});
    }
    names_ = durable_names_ = std::move(after);
}

void SimEnv::flip(const std::string &path, uint64_t offset, uint8_t mask) {
    std::lock_guard lock(mutex_);
    Node &node = *names_.at(path);
    node.written[offset] = static_cast<char>(node.written[offset] ^ mask);
    node.synced = node.written;
}

std::vector<std::string> SimEnv::files() const {
    std::lock_guard lock(mutex_);
    std::vector<std::string> paths;
    for (const auto &[path, node] : names_) paths.push_back(path);
    return paths;
}

std::string SimEnv::content(const std::string &path) const {
    std::lock_guard lock(mutex_);
    return names_.at(path)->written;
}

void SimEnv::put(const std::string &path, std::string content) {
    std::lock_guard lock(mutex_);
    for (std::string at = parent(path); !at.empty(); at = parent(at)) directories_.insert(at);
    names_[path] = durable_names_[path] = std::make_shared<Node>(Node{content, content});
}

Result<std::unique_ptr<File>> SimEnv::open(const std::string &path, uint32_t flags) {
    std::lock_guard lock(mutex_);
    auto found = names_.find(path);
    if (found == names_.end()) {
        if ((flags & VARVE_FILE_CREATE) == 0) {
            return Status(Code::not_found, "open " + path + ": No such file or directory");
        }
        const Fault fault = strike();
        if (fault != Fault::none) return status_of(fault, path);
        found = names_.emplace(path, std::make_shared<Node>()).first;
    } else if ((flags & VARVE_FILE_EXCLUSIVE) != 0) {
        return Status(Code::already_exists, "open " + path + ": File exists");
    } else if ((flags & VARVE_FILE_TRUNCATE) != 0) {
        const Fault fault = strike();
        if (fault != Fault::none) return status_of(fault, path);
        found->second->written.clear();
    }
    return std::unique_ptr<File>(std::make_unique<SimFile>(*this, found->second, path));
}

Status SimEnv::rename(const std::string &from, const std::string &to) {
    std::lock_guard lock(mutex_);
    const bool is_directory = directories_.count(from) != 0;
    if (!is_directory && names_.count(from) == 0) {
        return {Code::not_found, "rename " + from + ": No such file or directory"};
    }
    const Fault fault = strike();
    if (fault != Fault::none) return status_of(fault, from);
    if (!is_directory) {
        names_[to] = names_.at(from);
        names_.erase(from);
        return {};
    }
    // Directories move at once and for good.
    for (Names *names : {&names_, &durable_names_}) {
        Names moved;
        std::erase_if(*names, [&](const auto &entry) {
            if (!entry.first.starts_with(from + "/")) return false;
            moved[to + entry.first.substr(from.size())] = entry.second;
            return true;
        });
        names->merge(moved);
    }
    directories_.erase(from);
    directories_.insert(to);
    return {};
}

Status SimEnv::remove(const std::string &path) {
    std::lock_guard lock(mutex_);
    if (names_.count(path) == 0 && directories_.count(path) == 0) {
        return {Code::not_found, "remove " + path + ": No such file or directory"};
    }
    const Fault fault = strike();
    if (fault != Fault::none) return status_of(fault, path);
    names_.erase(path);
    directories_.erase(path);
    return {};
}

Status SimEnv::link(const std::string &from, const std::string &to) {
    std::lock_guard lock(mutex_);
    const auto found = names_.find(from);
    if (found == names_.end()) return {Code::not_found, from};
    names_[to] = found->second;
    return {};
}

Status SimEnv::make_directory(const std::string &path) {
    std::lock_guard lock(mutex_);
    for (std::string at = path; !at.empty(); at = parent(at)) directories_.insert(at);
    return {};
}

Result<std::vector<std::string>> SimEnv::list(const std::string &path) {
    std::lock_guard lock(mutex_);
    std::string base = path;
    while (!base.empty() && base.back() == '/') base.pop_back();
    if (directories_.count(base) == 0) return Status(Code::not_found, "list " + path);
    std::vector<std::string> found;
    const auto below = [&](const std::string &entry) {
        return entry.size() > base.size() + 1 && entry.starts_with(base + "/") &&
               entry.find('/', base.size() + 1) == std::string::npos;
    };
    for (const auto &[name, node] : names_) {
        if (below(name)) found.push_back(name.substr(base.size() + 1));
    }
    for (const std::string &name : directories_) {
        if (below(name)) found.push_back(name.substr(base.size() + 1) + "/");
    }
    return found;
}

Status SimEnv::sync_directory(const std::string &path) {
    std::lock_guard lock(mutex_);
    const Fault fault = strike();
    if (fault != Fault::none) return status_of(fault, path);
    std::string base = path;
    while (!base.empty() && base.back() == '/') base.pop_back();
    const auto inside = [&](const std::string &name) { return parent(name) == base; };
    std::erase_if(durable_names_, [&](const auto &entry) { return inside(entry.first); });
    for (const auto &[name, node] : names_) {
        if (inside(name)) durable_names_[name] = node;
    }
    return {};
}

Result<uint64_t> SimEnv::free_space(const std::string &) {
    return uint64_t{1} << 30;
}

void SimEnv::random(void *out, uint64_t size) {
    std::lock_guard lock(mutex_);
    for (uint64_t i = 0; i < size; ++i) static_cast<char *>(out)[i] = static_cast<char>(random_());
}

}  // namespace varve::test
