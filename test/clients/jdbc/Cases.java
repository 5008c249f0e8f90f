import java.sql.*;
import java.util.*;

/** What jdbc.test.ts has the PostgreSQL JDBC driver do; `java Cases CASE PORT` prints a line per observation. */
public class Cases {
    static String url;

    public static void main(String[] arguments) throws Exception {
        url = "jdbc:postgresql://127.0.0.1:" + arguments[1] + "/tidegate";
        switch (arguments[0]) {
            case "metadata" -> metadata();
            case "types" -> types();
            case "prepared" -> prepared();
            case "fetch" -> fetch();
            case "scroll" -> scroll();
            case "timeout" -> timeout();
            case "cancel" -> cancel();
            case "errors" -> errors();
            case "batch" -> batch();
            default -> throw new IllegalArgumentException(arguments[0]);
        }
    }

    static Connection open(String options) throws SQLException {
        return DriverManager.getConnection(url + options, "tidegate", "any");
    }

    static void show(Object... values) {
        StringJoiner line = new StringJoiner("|");
        for (Object value : values) line.add(String.valueOf(value));
        System.out.println(line);
    }

    /** Prints the columns named of each row. */
    static void rows(ResultSet result, String... columns) throws SQLException {
        while (result.next()) {
            List<Object> cells = new ArrayList<>();
            for (String column : columns) cells.add(result.getObject(column));
            show(cells.toArray());
        }
        result.close();
    }

    static void metadata() throws SQLException {
        try (Connection connection = open("")) {
            DatabaseMetaData data = connection.getMetaData();
            show(data.getDatabaseProductName(), data.getDriverVersion());
            rows(data.getSchemas(null, "shop"), "TABLE_SCHEM");
            rows(data.getTables(null, "shop", "%", new String[] {"TABLE", "VIEW"}), "TABLE_NAME", "TABLE_TYPE", "REMARKS");
            rows(data.getColumns(null, "shop", "orders", "%"),
                "COLUMN_NAME", "TYPE_NAME", "DATA_TYPE", "COLUMN_SIZE", "DECIMAL_DIGITS", "IS_NULLABLE", "REMARKS");
            rows(data.getPrimaryKeys(null, "shop", "items"), "COLUMN_NAME", "KEY_SEQ", "PK_NAME");
            rows(data.getImportedKeys(null, "shop", "items"), "PKTABLE_NAME", "PKCOLUMN_NAME", "FKTABLE_NAME", "FKCOLUMN_NAME");
            rows(data.getExportedKeys(null, "shop", "orders"), "FKTABLE_NAME", "FKCOLUMN_NAME");
            rows(data.getIndexInfo(null, "shop", "orders", true, false), "INDEX_NAME", "COLUMN_NAME", "NON_UNIQUE");
            rows(data.getBestRowIdentifier(null, "shop", "orders", DatabaseMetaData.bestRowSession, true), "COLUMN_NAME");
        }
    }

    static void types() throws SQLException {
        try (Connection connection = open("?binaryTransfer=true&prepareThreshold=-1");
                PreparedStatement statement = connection.prepareStatement(
                    "SELECT id, status, amount, created_at, note FROM shop.orders WHERE id IN (1, 5) ORDER BY id")) {
            ResultSetMetaData description = statement.getMetaData();
            for (int k = 1; k <= description.getColumnCount(); k++) {
                show(description.getColumnName(k), description.getColumnTypeName(k), description.getPrecision(k),
                    description.getScale(k), description.getColumnClassName(k));
            }
            try (ResultSet result = statement.executeQuery()) {
                while (result.next()) {
                    show(result.getLong(1), result.getString(2), result.getBigDecimal(3),
                        result.getTimestamp(4).toInstant(), result.getString(5), result.wasNull());
                }
            }
        }
    }

    /** The fifth use makes it a named statement on the server, with binary results from the sixth. */
    static void prepared() throws SQLException {
        try (Connection connection = open("");
                PreparedStatement statement = connection.prepareStatement(
                    "SELECT id, amount, created_at FROM shop.orders WHERE status = ? AND id > ? ORDER BY id LIMIT 2");
                PreparedStatement items = connection.prepareStatement("SELECT sku FROM shop.items WHERE order_id = ?")) {
            for (int use = 1; use <= 9; use++) {
                statement.setString(1, use % 2 == 0 ? "paid" : "open");
                statement.setLong(2, use * 10L);
                StringJoiner line = new StringJoiner("|");
                try (ResultSet result = statement.executeQuery()) {
                    while (result.next()) line.add(result.getLong(1) + " " + result.getBigDecimal(2));
                }
                items.setLong(1, use);
                try (ResultSet result = items.executeQuery()) {
                    while (result.next()) line.add(result.getString(1));
                }
                boolean isServerPrepared = statement.unwrap(org.postgresql.PGStatement.class).isUseServerPrepare();
                show(use, line, isServerPrepared);
            }
        }
    }

    /** Autocommit off and a fetch size: named portals that Execute reads in parts. */
    static void fetch() throws SQLException {
        try (Connection connection = open("")) {
            connection.setAutoCommit(false);
            try (PreparedStatement statement = connection.prepareStatement("SELECT id FROM shop.orders");
                    PreparedStatement other = connection.prepareStatement("SELECT id, status FROM shop.orders ORDER BY id DESC")) {
                statement.setFetchSize(20);
                other.setFetchSize(7);
                ResultSet first = statement.executeQuery();
                ResultSet second = other.executeQuery();
                long sum = 0;
                long sumOther = 0;
                int count = 0;
                // Two portals are open at once and are read in turns.
                while (first.next()) {
                    sum += first.getLong(1);
                    count++;
                    if (second.next()) sumOther += second.getLong(1);
                }
                show(count, sum, sumOther, second.next());
            }
            try (PreparedStatement statement = connection.prepareStatement("SELECT id FROM shop.orders")) {
                statement.setFetchSize(20);
                try (ResultSet result = statement.executeQuery()) {
                    result.next();
                    show("first", result.getLong(1));
                    System.out.flush();
                }
            }
            connection.commit();
        }
    }

    static void scroll() throws SQLException {
        try (Connection connection = open("");
                Statement statement = connection.createStatement(ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_READ_ONLY);
                ResultSet result = statement.executeQuery("SELECT id FROM shop.orders WHERE id <= 30")) {
            result.last();
            show(result.getRow(), result.getLong(1));
            result.absolute(3);
            show(result.getLong(1));
            result.previous();
            show(result.getLong(1));
        }
    }

    static void timeout() throws SQLException {
        try (Connection connection = open(""); Statement statement = connection.createStatement()) {
            statement.setQueryTimeout(1);
            long started = System.nanoTime();
            try {
                statement.executeQuery("SELECT count(*) FROM shop.slow");
            } catch (SQLException error) {
                show(error.getSQLState(), (System.nanoTime() - started) / 1e9 < 5);
            }
            statement.setQueryTimeout(0);
            rows(statement.executeQuery("SELECT id FROM shop.orders WHERE id = 3"), "id");
        }
    }

    static void cancel() throws Exception {
        try (Connection connection = open(""); Statement statement = connection.createStatement()) {
            Thread canceller = new Thread(() -> {
                try {
                    Thread.sleep(400);
                    statement.cancel();
                } catch (Exception error) {
                    show(error);
                }
            });
            canceller.start();
            try {
                statement.executeQuery("SELECT id FROM shop.slow");
            } catch (SQLException error) {
                show(error.getSQLState());
            }
            canceller.join();
            rows(statement.executeQuery("SELECT id FROM shop.orders WHERE id = 4"), "id");
        }
    }

    static void errors() throws SQLException {
        for (String autosave : new String[] {"never", "always"}) {
            try (Connection connection = open("?autosave=" + autosave); Statement statement = connection.createStatement()) {
                connection.setAutoCommit(false);
                rows(statement.executeQuery("SELECT id FROM shop.orders WHERE id = 1"), "id");
                try {
                    statement.executeQuery("SELECT * FROM shop.items");
                } catch (org.postgresql.util.PSQLException error) {
                    show(error.getSQLState(), error.getServerErrorMessage().getMessage());
                }
                try {
                    rows(statement.executeQuery("SELECT id FROM shop.orders WHERE id = 2"), "id");
                } catch (SQLException error) {
                    show(error.getSQLState());
                }
                connection.rollback();
                connection.setReadOnly(true);
                connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
                rows(statement.executeQuery("SELECT c.name FROM shop.orders o JOIN shop.customers c USING (id) WHERE id = 3"), "name");
                try {
                    statement.executeUpdate("UPDATE shop.orders SET note = 'x'");
                } catch (SQLException error) {
                    show(error.getSQLState());
                }
                connection.rollback();
            }
        }
    }

    static void batch() throws SQLException {
        try (Connection connection = open("?preferQueryMode=simple"); Statement statement = connection.createStatement()) {
            statement.execute("CREATE TEMP TABLE kept (id bigint)");
            boolean hasRows = statement.execute(
                "SELECT id FROM shop.orders LIMIT 1; INSERT INTO kept SELECT id FROM shop.orders WHERE id < 4; SELECT count(*) AS n FROM kept");
            show(hasRows);
            rows(statement.getResultSet(), "id");
            show(statement.getMoreResults(), statement.getUpdateCount());
            show(statement.getMoreResults());
            rows(statement.getResultSet(), "n");
        }
        try (Connection connection = open("");
                PreparedStatement statement = connection.prepareStatement("INSERT INTO kept SELECT id FROM shop.orders WHERE id = ?")) {
            connection.createStatement().execute("CREATE TEMP TABLE kept (id bigint)");
            for (int id = 1; id <= 4; id++) {
                statement.setLong(1, id == 4 ? 1000 : id);
                statement.addBatch();
            }
            show(Arrays.toString(statement.executeBatch()));
        }
    }
}
