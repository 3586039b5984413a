// Runs a libFuzzer target without libFuzzer: every file of the corpus, and seeded mutations of
// each. Usage: fuzz_NAME CORPUS_DIR [mutations per file] [seed]. Prints the seed, so a failure
// repeats.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

namespace {

void run(const std::string &input) {
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t *>(input.data()), input.size());
}

std::string mutate(std::string input, std::mt19937_64 &random) {
    static const std::string interesting =
        std::string(",= \"\\\n\t#-+.eE0123456789iutfTF{}()/';", 35) + '\0';
    for (uint64_t edits = 1 + random() % 6; edits > 0; --edits) {
        const size_t at = input.empty() ? 0 : random() % input.size();
        switch (random() % 5) {
            case 0:
                if (!input.empty()) input[at] = static_cast<char>(random());
                break;
            case 1:
                if (!input.empty()) input[at] = interesting[random() % interesting.size()];
                break;
            case 2:
                input.insert(at, 1, interesting[random() % interesting.size()]);
                break;
            case 3:
                if (!input.empty()) input.erase(at, 1 + random() % 8);
                break;
            default:
                input.insert(at, input.substr(at / 2, random() % 32));
                break;
        }
    }
    return input;
}

}  // namespace

int main(int argc, char **argv) {
    if (argc < 2) {
        std::fprintf(stderr, "usage: %s CORPUS_DIR [mutations per file] [seed]\n", argv[0]);
        return 2;
    }
    const int mutations = argc > 2 ? std::atoi(argv[2]) : 2000;
    const uint64_t seed = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : std::random_device{}();
    std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
    std::fflush(stdout);
    std::mt19937_64 random(seed);
    std::vector<std::string> corpus;
    for (const auto &entry : std::filesystem::directory_iterator(argv[1])) {
        std::ifstream file(entry.path(), std::ios::binary);
        corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    if (corpus.empty()) {
        std::fprintf(stderr, "no corpus in %s\n", argv[1]);
        return 2;
    }
    for (const std::string &input : corpus) {
        run(input);
        for (int i = 0; i < mutations; ++i) run(mutate(input, random));
    }
    std::printf("%zu files, %d mutations each\n", corpus.size(), mutations);
    return 0;
}
