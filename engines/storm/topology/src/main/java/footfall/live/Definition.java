package footfall.live;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.storm.shade.org.yaml.snakeyaml.LoaderOptions;
import org.apache.storm.shade.org.yaml.snakeyaml.Yaml;
import org.apache.storm.shade.org.yaml.snakeyaml.constructor.SafeConstructor;

/** A topology's definition file. A missing entry, or one of the wrong type, is an error with its name. */
record Definition(Map<?, ?> entries, String path) {

    /** Reads a YAML or JSON file (JSON is YAML). */
    static Definition read(Path file) throws IOException {
        Object loaded = new Yaml(new SafeConstructor(new LoaderOptions()))
                .load(Files.readString(file, StandardCharsets.UTF_8));
        if (loaded instanceof Map<?, ?> entries) {
            return new Definition(entries, "");
        }
        throw new IllegalArgumentException(file + " does not hold a map.");
    }

    Definition section(String key) {
        return new Definition(get(key, Map.class), path + key + ".");
    }

    String text(String key) {
        return get(key, String.class);
    }

    int number(String key) {
        return get(key, Integer.class);
    }

    List<String> texts(String key) {
        List<?> items = get(key, List.class);
        return items.stream().map(String::valueOf).toList();
    }

    /** The entries of a map, in order, each of the type {@code of}. */
    <T> LinkedHashMap<String, T> map(String key, Class<T> of) {
        LinkedHashMap<String, T> typed = new LinkedHashMap<>();
        Definition inner = section(key);
        inner.entries.keySet().forEach(name -> typed.put(name.toString(), inner.get(name.toString(), of)));
        return typed;
    }

    /** The entries of a map of lists of texts. */
    LinkedHashMap<String, List<String>> lists() {
        LinkedHashMap<String, List<String>> typed = new LinkedHashMap<>();
        entries.keySet().forEach(name -> typed.put(name.toString(), texts(name.toString())));
        return typed;
    }

    private <T> T get(String key, Class<T> type) {
        Object value = entries.get(key);
        if (type.isInstance(value)) {
            return type.cast(value);
        }
        throw new IllegalArgumentException("The topology's entry " + path + key + " must be a "
                + type.getSimpleName().toLowerCase() + ", not " + value + ".");
    }
}
