/* Compiles if, and only if, Python's own headers declare everything in python_list.h as it is declared there. */
#define Py_LIMITED_API 0x030A0000
#include <Python.h>
#include <stddef.h>
#include <structmember.h>

#include "python_list.h"

#define SAME(ours, theirs, name) \
    _Static_assert(__builtin_types_compatible_p(ours, theirs), #name " is declared otherwise in Python.h");

SAME(ptrdiff_t, Py_ssize_t, Py_ssize_t)

#define FUNCTION(result, name, arguments) SAME(result(*) arguments, __typeof__(&name), name)
PYTHON_FUNCTIONS(FUNCTION)

#define CALLBACK(result, name, arguments) SAME(result(*) arguments, name, name)
PYTHON_CALLBACKS(CALLBACK)

#define CONSTANT(name, value) _Static_assert(name == (value), #name " has another value in Python.h");
PYTHON_CONSTANTS(CONSTANT)

#define PLACE(record, type, name)                                          \
    _Static_assert(offsetof(Our_##record, name) == offsetof(record, name), \
                   #record "." #name " lies elsewhere in Python.h");
#define TYPE(record, type, name) SAME(type, __typeof__(((record *)0)->name), record.name)
#define FIELD(record, type, name) type name;
#define RECORD(record, fields) \
    typedef struct {           \
        fields(FIELD)          \
    } Our_##record;            \
    fields(PLACE) _Static_assert(sizeof(Our_##record) == sizeof(record), #record " has another size in Python.h");
RECORD(PyMethodDef, PYTHON_METHOD_DEF)
PYTHON_METHOD_DEF(TYPE)
RECORD(PyGetSetDef, PYTHON_GET_SET_DEF)
PYTHON_GET_SET_DEF(TYPE)
RECORD(PyMemberDef, PYTHON_MEMBER_DEF)
PYTHON_MEMBER_DEF(TYPE)
RECORD(PyType_Slot, PYTHON_TYPE_SLOT)
PYTHON_TYPE_SLOT(TYPE)
RECORD(PyType_Spec, PYTHON_TYPE_SPEC)
PYTHON_TYPE_SPEC(TYPE)
/* Its size and places alone: from 3.14 on a part of ob_refcnt is flags, which are 0 in all that we look at. */
RECORD(PyObject, PYTHON_OBJECT)
