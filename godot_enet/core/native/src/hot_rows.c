/* The loops over objects and columns in messages of states, for godot_enet/netcode/rows.py. See hot.h: everything but
 * the common case goes to the Python method, which also says what is wrong with a message. */
#include "hot.h"
#include "packing.h"

#include <stdlib.h>

/* A field of the schema. */
typedef struct {
    Py_ssize_t columns;
    PyObject *join;       /* makes its value of its columns */
    PyObject *low, *step; /* or NULL; a column is the number low + step * column */
    PyObject *kind;       /* makes the value of these numbers; NULL: the only one is the value */
} row_field;

/* The base of RowCodec. */
typedef struct {
    PyObject_HEAD
    packed_column *columns;
    Py_ssize_t count;
    row_field *fields;
    Py_ssize_t field_count;
    PyObject *make; /* makes a state of its values: the schema */
    PyObject *default_row;
} RowsObject;

/* An entry of a message. */
typedef struct {
    uint32_t number, age, length;
    PyObject *bits;
} row_change;

enum { LIMB_BITS = 64 };

static int rows_traverse(RowsObject *self, visitproc visit, void *arg) {
    Py_VISIT(Py_TYPE(self));
    for (Py_ssize_t i = 0; i < self->field_count; i++) {
        Py_VISIT(self->fields[i].join);
        Py_VISIT(self->fields[i].low);
        Py_VISIT(self->fields[i].step);
        Py_VISIT(self->fields[i].kind);
    }
    Py_VISIT(self->make);
    Py_VISIT(self->default_row);
    return 0;
}

static int rows_clear(RowsObject *self) {
    row_field *fields = self->fields;
    Py_ssize_t count = self->field_count;
    self->fields = NULL;
    self->field_count = self->count = 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        Py_CLEAR(fields[i].join);
        Py_CLEAR(fields[i].low);
        Py_CLEAR(fields[i].step);
        Py_CLEAR(fields[i].kind);
    }
    free(fields);
    Py_CLEAR(self->make);
    Py_CLEAR(self->default_row);
    return 0;
}

static void rows_dealloc(RowsObject *self) {
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    rows_clear(self);
    free(self->columns);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

static bool is_tuple(PyObject *object, Py_ssize_t size) {
    return PyObject_TypeCheck(object, PyTuple_Type) && PyTuple_Size(object) == size;
}

/* An int from 0 to `limit`. */
static bool number_of(PyObject *object, uint32_t limit, uint32_t *number) {
    if (!PyLong_CheckExact(object)) return false;
    int overflow;
    long long value = PyLong_AsLongLongAndOverflow(object, &overflow);
    *number = (uint32_t)value;
    return !overflow && value >= 0 && value <= limit;
}

/* _native(limits, make, fields): a field is (columns, join, low, step, kind), of which the last may be None. */
static PyObject *rows_native(PyObject *given, PyObject *arguments) {
    RowsObject *self = (RowsObject *)given;
    PyObject *limits, *make, *fields;
    if (!PyArg_ParseTuple(arguments, "OOO", &limits, &make, &fields)) return NULL;
    if (self->columns || !PyObject_TypeCheck(limits, PyTuple_Type) || !PyObject_TypeCheck(fields, PyTuple_Type))
        goto wrong;
    Py_ssize_t count = PyTuple_Size(limits), field_count = PyTuple_Size(fields), columns = 0;
    if (!(self->columns = calloc((size_t)count + 1, sizeof *self->columns)) ||
        !(self->fields = calloc((size_t)field_count + 1, sizeof *self->fields)) ||
        !(self->default_row = PyTuple_New(count)))
        return PyErr_NoMemory();
    for (Py_ssize_t i = 0; i < count; i++) {
        uint32_t limit;
        if (!number_of(PyTuple_GetItem(limits, i), UINT32_MAX, &limit)) goto wrong;
        self->columns[i] = packed_column_of(limit);
        PyTuple_SetItem(self->default_row, i, python_new_reference(hot.zero));
    }
    for (Py_ssize_t i = 0; i < field_count; i++) {
        row_field *field = &self->fields[i];
        PyObject *low, *step, *kind;
        if (!PyArg_ParseTuple(PyTuple_GetItem(fields, i), "nOOOO", &field->columns, &field->join, &low, &step, &kind)) {
            field->join = NULL;
            return NULL;
        }
        Py_INCREF(field->join);
        if (low != Py_None) {
            field->low = python_new_reference(low);
            field->step = python_new_reference(step);
        }
        if (kind != Py_None) field->kind = python_new_reference(kind);
        self->field_count = i + 1;
        if (field->columns <= 0 || field->columns > count - columns) goto wrong;
        columns += field->columns;
    }
    if (columns != count) goto wrong;
    self->make = python_new_reference(make);
    self->count = count;
    Py_RETURN_NONE;
wrong:
    PyErr_SetString(PyExc_TypeError, "these are not the columns and fields of a schema");
    return NULL;
}

/* An int of any size, of bits that end with as many zeros as make whole limbs. */
static PyObject *int_of_bits(const bit_writer *bits) {
    uint64_t limb = bits->at ? (bits->at - 1) / LIMB_BITS : 0;
    PyObject *value = NULL, *size = NULL;
    for (;; limb--) {
        uint64_t number = 0;
        for (uint32_t i = 0; i < 8; i++) number |= (uint64_t)bits->data[8 * limb + i] << 8 * i;
        PyObject *part = PyLong_FromUnsignedLongLong(number);
        if (value && part) {
            if (!size) size = PyLong_FromLong(LIMB_BITS);
            PyObject *shifted = size ? PyNumber_Lshift(value, size) : NULL;
            PyObject *joined = shifted ? PyNumber_Or(shifted, part) : NULL;
            Py_XDECREF(shifted);
            Py_DECREF(part);
            part = joined;
        }
        Py_XDECREF(value);
        value = part;
        if (!value || !limb) break;
    }
    Py_XDECREF(size);
    return value;
}

/* Writes an int of any size. Returns false with an exception. */
static bool write_int(bit_writer *writer, PyObject *bits, uint32_t length) {
    PyObject *rest = python_new_reference(bits), *size = NULL;
    while (rest && length) {
        uint64_t limb = PyLong_AsUnsignedLongLongMask(rest);
        uint32_t low = length < 32 ? length : 32, high = length - low < 32 ? length - low : 32;
        write_bits(writer, limb, low);
        write_bits(writer, limb >> 32, high);
        length -= low + high;
        if (!length) break;
        if (!size) size = PyLong_FromLong(LIMB_BITS);
        PyObject *after = size ? PyNumber_Rshift(rest, size) : NULL;
        Py_DECREF(rest);
        rest = after;
    }
    Py_XDECREF(size);
    Py_XDECREF(rest);
    return rest != NULL;
}

static PyObject *rows_encode_change(PyObject *given, PyObject *const *args, Py_ssize_t count, PyObject *keywords) {
    RowsObject *self = (RowsObject *)given;
    if (count != 2 || keywords || !self->count || !is_tuple(args[0], self->count) || !is_tuple(args[1], self->count))
        return hot_call_base(given, hot.encode_change_name, hot.rows, args, count, keywords);
    bit_writer writer = {calloc((size_t)self->count * COLUMN_MAX_SIZE / LIMB_BITS + 2, LIMB_BITS / 8), 0};
    if (!writer.data) return PyErr_NoMemory();
    for (Py_ssize_t i = 0; i < self->count; i++) {
        const packed_column *column = &self->columns[i];
        uint32_t old, new;
        if (!number_of(PyTuple_GetItem(args[0], i), column->limit, &old) ||
            !number_of(PyTuple_GetItem(args[1], i), column->limit, &new)) {
            free(writer.data);
            return hot_call_base(given, hot.encode_change_name, hot.rows, args, count, keywords);
        }
        write_column(&writer, column, old, new);
    }
    PyObject *items[2] = {int_of_bits(&writer), PyLong_FromLongLong((long long)writer.at)};
    free(writer.data);
    return hot_make_tuple(PyTuple_Type, 2, items);
}

static int by_number(const void *one, const void *other) {
    uint32_t a = ((const row_change *)one)->number, b = ((const row_change *)other)->number;
    return (a > b) - (a < b);
}

/* The entries of a dict, by their ids. NULL where it has others, with an exception or without. */
static row_change *entries_of(PyObject *changes, Py_ssize_t count) {
    row_change *entries = calloc((size_t)count + 1, sizeof *entries), *entry = entries;
    PyObject *key, *change;
    Py_ssize_t place = 0;
    if (!entries) PyErr_NoMemory();
    while (entries && PyDict_Next(changes, &place, &key, &change)) {
        if (!number_of(key, UINT32_MAX, &entry->number) || !is_tuple(change, 3) ||
            !number_of(PyTuple_GetItem(change, 0), (1u << AGE_BITS) - 1, &entry->age) ||
            !PyLong_CheckExact(entry->bits = PyTuple_GetItem(change, 1)) ||
            !number_of(PyTuple_GetItem(change, 2), INT32_MAX, &entry->length)) {
            free(entries);
            return NULL;
        }
        entry++;
    }
    if (entries) qsort(entries, (size_t)count, sizeof *entries, by_number);
    return entries;
}

static PyObject *rows_write_changes(PyObject *given, PyObject *const *args, Py_ssize_t count, PyObject *keywords) {
    uint32_t length, last = 0, last_age = UINT32_MAX;
    char *head;
    Py_ssize_t head_size, changed;
    row_change *entries = NULL;
    PyObject *message = NULL;
    if (count != 3 || keywords || !PyBytes_CheckExact(args[0]) || !number_of(args[1], INT32_MAX, &length) ||
        Py_TYPE(args[2]) != PyDict_Type)
        goto python;
    if (PyBytes_AsStringAndSize(args[0], &head, &head_size) < 0) return NULL;
    changed = PyDict_Size(args[2]);
    if ((uint64_t)head_size != ((uint64_t)length + 7) / 8 || !(entries = entries_of(args[2], changed))) goto python;
    uint64_t most = (uint64_t)length + NUMBER_MAX_SIZE;
    for (Py_ssize_t i = 0; i < changed; i++) most += NUMBER_MAX_SIZE + AGE_BITS + 1 + (uint64_t)entries[i].length;
    bit_writer writer = {calloc((size_t)(most / 8 + 2), 1), length};
    if (!writer.data) {
        free(entries);
        return PyErr_NoMemory();
    }
    memcpy(writer.data, head, (size_t)head_size);
    write_number(&writer, (uint32_t)changed);
    bool complete = true;
    for (Py_ssize_t i = 0; i < changed && complete; i++) {
        const row_change *entry = &entries[i];
        write_number(&writer, i ? entry->number - last - 1 : entry->number);
        if (entry->age == last_age)
            write_bits(&writer, 1, 1);
        else
            write_bits(&writer, entry->age << 1, AGE_BITS + 1);
        complete = write_int(&writer, entry->bits, entry->length);
        last = entry->number;
        last_age = entry->age;
    }
    if (complete) message = PyBytes_FromStringAndSize((char *)writer.data, (Py_ssize_t)((writer.at + 7) / 8));
    free(writer.data);
    free(entries);
    return message;
python:
    return PyErr_Occurred() ? NULL : hot_call_base(given, hot.write_changes_name, hot.rows, args, count, keywords);
}

/* The row after a change. NULL where there is none, with an exception or without. */
static PyObject *read_row(const RowsObject *self, bit_reader *reader, PyObject *base) {
    PyObject *row = PyTuple_New(self->count);
    for (Py_ssize_t i = 0; row && i < self->count; i++) {
        PyObject *item = PyTuple_GetItem(base, i);
        uint32_t old, new;
        if (!number_of(item, self->columns[i].limit, &old)) reader->failed = true;
        new = reader->failed ? 0 : read_column(reader, &self->columns[i], old);
        item = reader->failed ? NULL : new == old ? python_new_reference(item) : PyLong_FromLongLong(new);
        if (item)
            PyTuple_SetItem(row, i, item);
        else
            Py_CLEAR(row);
    }
    return row;
}

/* The base of a change: a new reference, or NULL where there is none, with an exception or without. */
static PyObject *base_of(const RowsObject *self, PyObject *history, long long tick, PyObject *number) {
    PyObject *key = PyLong_FromLongLong(tick);
    PyObject *rows = key ? PyDict_GetItemWithError(history, key) : NULL;
    Py_XINCREF(rows); /* a key of the program's own type may empty the history when it is compared */
    PyObject *base = rows && Py_TYPE(rows) == PyDict_Type ? PyDict_GetItemWithError(rows, number) : NULL;
    base = base && is_tuple(base, self->count) ? python_new_reference(base) : NULL;
    Py_XDECREF(key);
    Py_XDECREF(rows);
    return base;
}

static PyObject *rows_read_changes(PyObject *given, PyObject *const *args, Py_ssize_t count, PyObject *keywords) {
    RowsObject *self = (RowsObject *)given;
    uint32_t at, limit;
    char *data;
    Py_ssize_t size;
    int overflow = 0;
    PyObject *rows = NULL;
    if (count != 5 || keywords || !self->count || !PyBytes_CheckExact(args[0]) || !number_of(args[1], INT32_MAX, &at) ||
        !PyLong_CheckExact(args[2]) || Py_TYPE(args[3]) != PyDict_Type || !number_of(args[4], INT32_MAX, &limit))
        goto python;
    if (PyBytes_AsStringAndSize(args[0], &data, &size) < 0) return NULL;
    long long tick = PyLong_AsLongLongAndOverflow(args[2], &overflow);
    if (overflow || tick < 0) goto python; /* so that no age leads beyond a long long */
    bit_reader reader = {(const uint8_t *)data, at, 8 * (uint64_t)size, at > 8 * (uint64_t)size};
    uint64_t left = read_number(&reader), number = 0;
    uint32_t age = 0;
    if (reader.failed || left > limit || !(rows = PyDict_New())) goto python;
    for (bool first = true; left; left--, first = false) {
        number += read_number(&reader) + !first;
        if (!read_bits(&reader, 1)) age = (uint32_t)read_bits(&reader, AGE_BITS);
        PyObject *key = reader.failed ? NULL : PyLong_FromUnsignedLongLong(number);
        PyObject *base = !key   ? NULL
                         : !age ? python_new_reference(self->default_row)
                                : base_of(self, args[3], tick - age, key);
        PyObject *row = base ? read_row(self, &reader, base) : NULL;
        int outcome = row ? PyDict_SetItem(rows, key, row) : -1;
        Py_XDECREF(key);
        Py_XDECREF(base);
        Py_XDECREF(row);
        if (outcome < 0) goto python;
    }
    if (at_end(&reader)) return rows;
python:
    Py_XDECREF(rows);
    return PyErr_Occurred() ? NULL : hot_call_base(given, hot.read_changes_name, hot.rows, args, count, keywords);
}

/* The value of a field, from its first column. */
static PyObject *value_of(const row_field *field, PyObject *row, Py_ssize_t first) {
    if (!field->low) {
        PyObject *columns = PyTuple_GetSlice(row, first, first + field->columns);
        PyObject *value = columns ? PyObject_CallFunctionObjArgs(field->join, columns, NULL) : NULL;
        Py_XDECREF(columns);
        return value;
    }
    PyObject *numbers = field->kind ? PyTuple_New(field->columns) : NULL, *number = NULL;
    if (field->kind && !numbers) return NULL;
    for (Py_ssize_t i = 0; i < field->columns; i++) {
        PyObject *steps = PyNumber_Multiply(PyTuple_GetItem(row, first + i), field->step);
        number = steps ? PyNumber_Add(field->low, steps) : NULL;
        Py_XDECREF(steps);
        if (!numbers || !number) break;
        PyTuple_SetItem(numbers, i, number);
    }
    if (!numbers) return number;
    PyObject *value = number ? PyObject_Call(field->kind, numbers, NULL) : NULL;
    Py_DECREF(numbers);
    return value;
}

static PyObject *state_of(const RowsObject *self, PyObject *row) {
    PyObject *values = PyTuple_New(self->field_count), *state = NULL;
    Py_ssize_t first = 0;
    for (Py_ssize_t i = 0; values && i < self->field_count; i++) {
        PyObject *value = value_of(&self->fields[i], row, first);
        if (value)
            PyTuple_SetItem(values, i, value);
        else
            Py_CLEAR(values);
        first += self->fields[i].columns;
    }
    if (values) state = PyObject_Call(self->make, values, NULL);
    Py_XDECREF(values);
    return state;
}

static PyObject *rows_restore_all(PyObject *given, PyObject *rows) {
    RowsObject *self = (RowsObject *)given;
    PyObject *key, *row, *states = NULL;
    Py_ssize_t place = 0;
    if (!self->count || Py_TYPE(rows) != PyDict_Type) goto python;
    if (!(states = PyDict_New())) return NULL;
    while (PyDict_Next(rows, &place, &key, &row)) {
        if (!is_tuple(row, self->count)) goto python;
        Py_INCREF(key); /* making a state runs the program's code */
        Py_INCREF(row);
        PyObject *state = state_of(self, row);
        int outcome = state ? PyDict_SetItem(states, key, state) : -1;
        Py_DECREF(key);
        Py_DECREF(row);
        Py_XDECREF(state);
        if (outcome < 0) {
            Py_DECREF(states);
            return NULL;
        }
    }
    return states;
python:
    Py_XDECREF(states);
    return hot_call_base(given, hot.restore_all_name, hot.rows, &rows, 1, NULL);
}

static PyMethodDef methods[] = {
    {"_native", rows_native, METH_VARARGS, NULL},
    {"encode_change", (PyCFunction)(void (*)(void))rows_encode_change, METH_FASTCALL | METH_KEYWORDS, NULL},
    {"write_changes", (PyCFunction)(void (*)(void))rows_write_changes, METH_FASTCALL | METH_KEYWORDS, NULL},
    {"read_changes", (PyCFunction)(void (*)(void))rows_read_changes, METH_FASTCALL | METH_KEYWORDS, NULL},
    {"restore_all", rows_restore_all, METH_O, NULL},
    {NULL, NULL, 0, NULL}};
static PyType_Slot slots[] = {{Py_tp_dealloc, rows_dealloc},
                              {Py_tp_traverse, rows_traverse},
                              {Py_tp_clear, rows_clear},
                              {Py_tp_methods, methods},
                              {0, NULL}};
static PyType_Spec spec = {"godot_enet.core.native.RowCodec", sizeof(RowsObject), 0,
                           Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, slots};

PyTypeObject *hot_make_rows_type(void) { return (PyTypeObject *)PyType_FromSpec(&spec); }
