#include "support/sim_env.hpp"

#include <algorithm>
#include <cstring>

namespace varve::test {
namespace {

constexpr size_t kSector = 512;

std::vector<std::string> parts_of(const std::string &path) {
    std::vector<std::string> parts;
    for (size_t at = 0; at < path.size();) {
        const size_t end = std::min(path.find('/', at), path.size());
        if (end != at) parts.push_back(path.substr(at, end - at));
        at = end + 1;
    }
    return parts;
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
    SimFile(SimEnv &env, SimEnv::NodePtr node, std::string path)
        : env_(env), node_(std::move(node)), path_(std::move(path)), life_(env.life_) {}

    Result<uint64_t> read_at(uint64_t offset, void *out, uint64_t size) override {
        std::lock_guard lock(env_.mutex_);
        if (life_ != env_.life_ || env_.dead_) return env_.status_of(Fault::io_error, path_);
        if (env_.strike_read() != Fault::none) return env_.status_of(Fault::io_error, path_);
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
        Fault fault = strike();
        // A failing write may have written a part.
        if (fault != Fault::none) bytes.resize(fault == Fault::io_error ? 0 : bytes.size() / 2);
        const uint64_t end = offset + bytes.size();
        if (fault == Fault::none && !has_room(end)) {
            bytes.clear();
            fault = Fault::no_space;
        }
        if (life_ == env_.life_ && !(env_.dead_ && fault != Fault::power) && !bytes.empty()) {
            if (node_->written.size() < end) node_->written.resize(end);
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
        if (env_.strike_read() != Fault::none) return env_.status_of(Fault::io_error, path_);
        return std::unique_ptr<MappedFile>(
            std::make_unique<SimMapping>(node_->written.substr(0, size)));
    }

  private:
    Fault strike() { return life_ == env_.life_ ? env_.strike() : Fault::io_error; }
    bool has_room(uint64_t size) const {
        if (env_.space_max_ == 0 || size <= node_->written.size()) return true;
        const uint64_t more = size - node_->written.size();
        return env_.used_bytes(*env_.root_) + more <= env_.space_max_;
    }
    Status resize(uint64_t size) {
        std::lock_guard lock(env_.mutex_);
        Fault fault = strike();
        if (fault == Fault::none && !has_room(size)) fault = Fault::no_space;
        if (fault == Fault::none) node_->written.resize(size);
        return env_.status_of(fault, path_);
    }

    SimEnv &env_;
    SimEnv::NodePtr node_;
    std::string path_;
    uint64_t life_;
};

Fault SimEnv::strike() {
    ++operations_;
    if (watcher_ && !dead_) watcher_(operations_);
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

void SimEnv::count_reads(bool counted) {
    std::lock_guard lock(mutex_);
    reads_counted_ = counted;
}

uint64_t SimEnv::operations() const {
    std::lock_guard lock(mutex_);
    return operations_;
}

void SimEnv::watch(std::function<void(uint64_t)> watcher) {
    std::lock_guard lock(mutex_);
    watcher_ = std::move(watcher);
}

void SimEnv::set_space(uint64_t limit_bytes) {
    std::lock_guard lock(mutex_);
    space_max_ = limit_bytes;
}

// ---- names ----

SimEnv::Place SimEnv::find(const std::string &path) const {
    const std::vector<std::string> parts = parts_of(path);
    if (parts.empty()) return {nullptr, "", root_};
    NodePtr directory = root_;
    for (size_t i = 0; i + 1 < parts.size(); ++i) {
        const auto found = directory->names.find(parts[i]);
        if (found == directory->names.end() || !found->second->is_directory) return {};
        directory = found->second;
    }
    const auto found = directory->names.find(parts.back());
    return {directory, parts.back(), found == directory->names.end() ? nullptr : found->second};
}

void SimEnv::apply(const Change &change, Names Node::*names) {
    for (const Edit &edit : change) {
        Names &all = (*edit.directory).*names;
        if (edit.node == nullptr) {
            all.erase(edit.name);
        } else {
            all[edit.name] = edit.node;
        }
    }
}

void SimEnv::change(Change change) {
    apply(change, &Node::names);
    journal_.push_back(std::move(change));
}

uint64_t SimEnv::used_bytes(const Node &node) const {
    uint64_t used = node.written.size();
    for (const auto &[name, child] : node.names) used += used_bytes(*child);
    return used;
}

Result<std::unique_ptr<File>> SimEnv::open(const std::string &path, uint32_t flags) {
    std::lock_guard lock(mutex_);
    Place place = find(path);
    if (place.node == nullptr) {
        if ((flags & VARVE_FILE_CREATE) == 0 || place.directory == nullptr) {
            return Status(Code::not_found, "open " + path + ": No such file or directory");
        }
        const Fault fault = strike();
        if (fault != Fault::none) return status_of(fault, path);
        place.node = std::make_shared<Node>();
        change({{place.directory, place.name, place.node}});
    } else if ((flags & VARVE_FILE_EXCLUSIVE) != 0) {
        return Status(Code::already_exists, "open " + path + ": File exists");
    } else if ((flags & VARVE_FILE_TRUNCATE) != 0) {
        const Fault fault = strike();
        if (fault != Fault::none) return status_of(fault, path);
        place.node->written.clear();
    }
    return std::unique_ptr<File>(std::make_unique<SimFile>(*this, place.node, path));
}

Status SimEnv::rename(const std::string &from, const std::string &to) {
    std::lock_guard lock(mutex_);
    const Place old = find(from);
    const Place made = find(to);
    if (old.node == nullptr || made.directory == nullptr) {
        return {Code::not_found, "rename " + from + ": No such file or directory"};
    }
    const Fault fault = strike();
    if (fault != Fault::none) return status_of(fault, from);
    change({{old.directory, old.name, nullptr}, {made.directory, made.name, old.node}});
    return {};
}

Status SimEnv::remove(const std::string &path) {
    std::lock_guard lock(mutex_);
    const Place place = find(path);
    if (place.node == nullptr) {
        return {Code::not_found, "remove " + path + ": No such file or directory"};
    }
    if (!place.node->names.empty()) return {Code::io_error, path + ": Directory not empty"};
    const Fault fault = strike();
    if (fault != Fault::none) return status_of(fault, path);
    change({{place.directory, place.name, nullptr}});
    return {};
}

Status SimEnv::link(const std::string &from, const std::string &to) {
    std::lock_guard lock(mutex_);
    const Place old = find(from);
    const Place made = find(to);
    if (old.node == nullptr || made.directory == nullptr) return {Code::not_found, from};
    if (made.node != nullptr) return {Code::already_exists, to + ": File exists"};
    const Fault fault = strike();
    if (fault != Fault::none) return status_of(fault, from);
    change({{made.directory, made.name, old.node}});
    return {};
}

Status SimEnv::make_directory(const std::string &path) {
    std::lock_guard lock(mutex_);
    NodePtr at = root_;
    for (const std::string &part : parts_of(path)) {
        NodePtr next = at->names[part];
        if (next == nullptr) {
            at->names.erase(part);
            const Fault fault = strike();
            if (fault != Fault::none) return status_of(fault, path);
            next = std::make_shared<Node>();
            next->is_directory = true;
            change({{at, part, next}});
            if (at == root_) at->durable_names[part] = next;
        }
        at = next;
    }
    return {};
}

Result<std::vector<std::string>> SimEnv::list(const std::string &path) {
    std::lock_guard lock(mutex_);
    const Place place = find(path);
    if (place.node == nullptr || !place.node->is_directory) {
        return Status(Code::not_found, "list " + path);
    }
    if (dead_ || strike_read() != Fault::none) return status_of(Fault::io_error, path);
    std::vector<std::string> found;
    for (const auto &[name, node] : place.node->names) {
        found.push_back(node->is_directory ? name + "/" : name);
    }
    return found;
}

Status SimEnv::sync_directory(const std::string &path) {
    std::lock_guard lock(mutex_);
    const Fault fault = strike();
    if (fault != Fault::none) return status_of(fault, path);
    const Place place = find(path);
    if (place.node == nullptr) {
        return {Code::not_found, "sync " + path + ": No such file or directory"};
    }
    std::erase_if(journal_, [&](const Change &change) {
        const auto touches = [&](const Edit &edit) { return edit.directory == place.node; };
        if (std::none_of(change.begin(), change.end(), touches)) return false;
        apply(change, &Node::durable_names);
        return true;
    });
    return {};
}

// ---- power cuts ----

// The file's bytes: what was synced, and of the rest some sectors.
std::string SimEnv::lose_sectors(const Node &node) {
    std::string bytes = node.synced;
    if (random_() % 2 == 0) bytes.resize(std::max(bytes.size(), node.written.size()));
    for (size_t at = 0; at < std::min(bytes.size(), node.written.size()); at += kSector) {
        if (random_() % 2 == 0) continue;
        const size_t size = std::min({kSector, bytes.size() - at, node.written.size() - at});
        bytes.replace(at, size, node.written, at, size);
    }
    return bytes;
}

// The node as it comes back, with everything below it.
SimEnv::NodePtr SimEnv::survivor(const NodePtr &node, std::map<const Node *, NodePtr> &done,
                                 const std::vector<Change> &kept) {
    NodePtr &made = done[node.get()];
    if (made != nullptr) return made;
    made = std::make_shared<Node>();
    made->is_directory = node->is_directory;
    if (!node->is_directory) {
        made->written = made->synced = lose_sectors(*node);
        return made;
    }
    const NodePtr result = made;
    Names names = node->durable_names;
    for (const Change &change : kept) {
        for (const Edit &edit : change) {
            if (edit.directory != node) continue;
            if (edit.node == nullptr) {
                names.erase(edit.name);
            } else {
                names[edit.name] = edit.node;
            }
        }
    }
    for (const auto &[name, child] : names) result->names[name] = survivor(child, done, kept);
    result->durable_names = result->names;
    return result;
}

void SimEnv::reboot() {
    std::lock_guard lock(mutex_);
    ++life_;
    dead_ = false;
    fault_at_ = 0;
    // Journalling file systems keep a first part of the changes; nobody promises that.
    const bool prefix = random_() % 2 == 0;
    const size_t first_lost = journal_.empty() ? 0 : random_() % (journal_.size() + 1);
    std::vector<Change> kept;
    for (size_t i = 0; i < journal_.size(); ++i) {
        if (prefix ? i < first_lost : random_() % 2 == 0) kept.push_back(journal_[i]);
    }
    std::map<const Node *, NodePtr> done;
    root_ = survivor(root_, done, kept);
    journal_.clear();
}

void SimEnv::end_process() {
    std::lock_guard lock(mutex_);
    ++life_;
    dead_ = false;
    fault_at_ = 0;
}

SimEnv::NodePtr SimEnv::copy(const NodePtr &node, std::map<const Node *, NodePtr> &done) const {
    if (node == nullptr) return nullptr;
    NodePtr &made = done[node.get()];
    if (made != nullptr) return made;
    made = std::make_shared<Node>();
    const NodePtr result = made;
    result->is_directory = node->is_directory;
    result->written = node->written;
    result->synced = node->synced;
    for (const auto &[name, child] : node->names) result->names[name] = copy(child, done);
    for (const auto &[name, child] : node->durable_names) {
        result->durable_names[name] = copy(child, done);
    }
    return result;
}

std::unique_ptr<SimEnv> SimEnv::crash_image(uint64_t seed) const {
    std::lock_guard lock(mutex_);
    auto image = std::make_unique<SimEnv>(seed);
    std::map<const Node *, NodePtr> done;
    image->root_ = copy(root_, done);
    for (const Change &change : journal_) {
        Change &own = image->journal_.emplace_back();
        for (const Edit &edit : change) {
            own.push_back({copy(edit.directory, done), edit.name, copy(edit.node, done)});
        }
    }
    image->reboot();
    return image;
}

// ---- what tests do to it ----

void SimEnv::flip(const std::string &path, uint64_t offset, uint8_t mask) {
    std::lock_guard lock(mutex_);
    Node &node = *find(path).node;
    node.written[offset] = static_cast<char>(node.written[offset] ^ mask);
    node.synced = node.written;
}

void SimEnv::list_files(const Node &node, const std::string &path,
                        std::vector<std::string> &out) const {
    for (const auto &[name, child] : node.names) {
        if (child->is_directory) {
            list_files(*child, path + "/" + name, out);
        } else {
            out.push_back(path + "/" + name);
        }
    }
}

std::vector<std::string> SimEnv::files() const {
    std::lock_guard lock(mutex_);
    std::vector<std::string> paths;
    list_files(*root_, "", paths);
    return paths;
}

std::string SimEnv::content(const std::string &path) const {
    std::lock_guard lock(mutex_);
    return find(path).node->written;
}

void SimEnv::put(const std::string &path, std::string content) {
    std::lock_guard lock(mutex_);
    NodePtr at = root_;
    std::vector<std::string> parts = parts_of(path);
    const std::string name = parts.back();
    parts.pop_back();
    for (const std::string &part : parts) {
        NodePtr &next = at->names[part];
        if (next == nullptr) {
            next = std::make_shared<Node>();
            next->is_directory = true;
        }
        at->durable_names[part] = next;
        at = next;
    }
    auto node = std::make_shared<Node>();
    node->written = node->synced = std::move(content);
    at->names[name] = at->durable_names[name] = node;
}

Result<uint64_t> SimEnv::free_space(const std::string &) {
    std::lock_guard lock(mutex_);
    if (space_max_ == 0) return uint64_t{1} << 30;
    return space_max_ - std::min(space_max_, used_bytes(*root_));
}

void SimEnv::random(void *out, uint64_t size) {
    std::lock_guard lock(mutex_);
    for (uint64_t i = 0; i < size; ++i) static_cast<char *>(out)[i] = static_cast<char>(random_());
}

}  // namespace varve::test
