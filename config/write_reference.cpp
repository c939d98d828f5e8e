// Writes the reference page of the settings to the file named on the command line.
#include "config/settings_text.hpp"

#include <fstream>

int main(int count, char** words) {
    if (count != 2)
        return 2;
    std::ofstream file(words[1], std::ios::binary);
    file << yizhan::reference_markdown();
    return file.flush() ? 0 : 1;
}
